/**
 * Inner loops of the oblivious transfers and of the lookups made of them. All state is the host's:
 * it lays out the memory above `__heap_base`, and wipes it. No branch and no address depends on data.
 */
export { compress15, gatherChoices, transposeRows, wipeBytes, xorInto, xorMasked } from "./columns";
export { maskTables, packChoices, unmaskChosen } from "./lookups";
export { addLow, padInputs, padInputs16 } from "./pads";

/** Of these functions and their meaning: a host that expects another does not use the kernel. */
export const INTERFACE: i32 = 2;
/** Where the host's memory begins. */
export const HEAP: usize = (__heap_base + 15) & ~15;
