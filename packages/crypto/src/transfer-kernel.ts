/**
 * The WASM kernel of oblivious transfers and lookups (`../kernel/assembly/transfer`), and its memory.
 * All its users are synchronous, so one memory serves them all: whoever begins finds zeros, and leaves
 * zeros.
 */
import { loadWasm, type WasmGlobal, type WasmMemory } from "./wasm.ts";

/** What kernel/assembly/transfer/index.ts exports, where it is described. Addresses and sizes in bytes. */
export interface TransferKernel {
  readonly memory: WasmMemory;
  readonly INTERFACE: WasmGlobal;
  readonly HEAP: WasmGlobal;
  xorInto(target: number, source: number, bytes: number): void;
  xorMasked(target: number, source: number, bytes: number, mask: number): void;
  compress15(
    target: number,
    targetStride: number,
    source: number,
    stride: number,
    bytes: number,
  ): void;
  transposeRows(target: number, columns: number, stride: number, first: number): void;
  gatherChoices(
    target: number,
    columns: number,
    stride: number,
    dimension: number,
    blocks: number,
  ): void;
  padInputs(
    inputs: number,
    words: number,
    rows: number,
    offsets: number,
    perRow: number,
    powers: number,
    tweak: number,
    first: number,
    count: number,
  ): void;
  padInputs16(
    inputs: number,
    words: number,
    rows: number,
    offsets: number,
    lows: number,
    powers: number,
    tweak: number,
    first: number,
    count: number,
  ): void;
  addLow(words: number, permuted: number, eights: number): void;
  wipeBytes(): void;
  maskTables(
    masked: number,
    shares: number,
    tables: number,
    m: number,
    groups: number,
    indices: number,
    packed: number,
    pads: number,
    first: number,
  ): void;
  unmaskChosen(
    shares: number,
    masked: number,
    indices: number,
    pads: number,
    m: number,
    groups: number,
  ): void;
  packChoices(packed: number, indices: number, choices: number, blocks: number): void;
}

/** What this file expects of the kernel. */
const INTERFACE = 2;
const PAGE_BYTES = 65_536;
/** Where the kernel is compiled to: the same path from the sources and from the build. */
const KERNEL_WASM: URL = new URL("../dist/transfer-kernel.wasm", import.meta.url);

/** The kernel and what it calculates in. */
export class TransferMemory {
  readonly kernel: TransferKernel;
  readonly #start: number;
  #bytes: Uint8Array;

  constructor(kernel: TransferKernel) {
    this.kernel = kernel;
    this.#start = Math.ceil(kernel.HEAP.value / 64) * 64;
    this.#bytes = new Uint8Array(kernel.memory.buffer);
  }

  /** All memory. A new view after each `reserve`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Addresses of regions of these sizes, in a memory that holds them, and the end of the last. Each
   * region begins at a multiple of 64 bytes.
   */
  reserve<Name extends string>(
    sizes: Readonly<Record<Name, number>>,
  ): Readonly<Record<Name | "end", number>> {
    const regions: { [name: string]: number; end: number } = { end: 0 };
    let at = this.#start;
    for (const name in sizes) {
      regions[name] = at;
      at += (sizes[name] + 63) & ~63;
    }
    regions.end = at;
    const missing = at - this.#bytes.length;
    if (missing > 0) {
      this.kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
      this.#bytes = new Uint8Array(this.kernel.memory.buffer);
    }
    return regions as Record<Name | "end", number>;
  }

  /** Overwrites all regions, up to `end`. */
  wipe(end: number): void {
    this.#bytes.fill(0, this.#start, end);
    this.kernel.wipeBytes();
  }
}

function load(): TransferMemory | undefined {
  const kernel = loadWasm(KERNEL_WASM) as Partial<TransferKernel> | undefined;
  // One that was compiled from other sources, and never since. Whether it calculates as it should,
  // lookup-self-test.ts and ot/pad-self-test.ts ask of the engines that are made of it.
  if (kernel?.INTERFACE?.value !== INTERFACE) return undefined;
  return new TransferMemory(kernel as TransferKernel);
}

/** Nothing where the kernel was not compiled, or where WASM SIMD is lacking. */
export const transferMemory: TransferMemory | undefined = load();
