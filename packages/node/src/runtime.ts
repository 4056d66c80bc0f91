/**
 * For who composes nodes, or their parts, in surroundings of another making: the deterministic
 * simulation, and benches of a bureau's store.
 */
export { PseudonymBook } from "./bank/pseudonym-book.ts";
export { MadeUpDeposit } from "./bureau/made-up-deposit.ts";
export { PadStock } from "./bureau/pads.ts";
export { type HeldDeposit, Shelf } from "./bureau/shelf.ts";
export type { Carrier } from "./carrier.ts";
export type { NodeConfig } from "./config.ts";
export type { Log } from "./log.ts";
export { Parties } from "./parties.ts";
export { type RunningNode, runNode, type ServeControl } from "./start.ts";
export { openStore, type Range, type Span, type Store, type Table } from "./store.ts";
export { StoreError } from "./store-failure.ts";
export { machine, type Surroundings } from "./surroundings.ts";
