/** The engine by the WASM kernel: planes into its memory once, 64 KiB of inputs out at a time. */
import { type TransferKernel, type TransferMemory, transferMemory } from "../transfer-kernel.ts";
import {
  BLOCKS_PER_CALL,
  type ColumnSums,
  type PadEngine,
  type PadRun,
  type PadTask,
  ROWS_PER_KEY,
} from "./engine.ts";
import { compressionMatrix } from "./engine-plain.ts";
import { bytesOf } from "./loops.ts";
import { OT_BATCH_LIMIT } from "./parameters.ts";

const BLOCK_BYTES = 16;
const ROW_COLUMNS = 128;
/** Bit planes of a column, at most. */
const MAX_PLANES = 4;
/** Rows that are transposed at once. */
const BLOCK_ROWS = 128;

/** The kernel as an engine; nothing where there is none. */
export const kernelEngine: PadEngine | undefined = transferMemory && {
  name: "kernel",
  sums: (words) => new KernelSums(transferMemory as TransferMemory, words),
  begin: (task) => new KernelRun(transferMemory as TransferMemory, task),
  gatherChoices: (columns, words, count) =>
    gather(transferMemory as TransferMemory, columns, words, count),
};

function gather(
  memory: TransferMemory,
  columns: Uint32Array,
  words: number,
  count: number,
): Uint8Array {
  const blocks = Math.ceil(count / 16);
  const at = memory.reserve({ columns: columns.byteLength, choices: blocks * 16 });
  try {
    memory.bytes.set(bytesOf(columns), at.columns);
    const dimension = columns.length / words;
    memory.kernel.gatherChoices(at.choices, at.columns, words * 4, dimension, blocks);
    return memory.bytes.slice(at.choices, at.choices + count);
  } finally {
    memory.wipe(at.end);
  }
}

class KernelSums implements ColumnSums {
  readonly #memory: TransferMemory;
  readonly #at: { readonly sums: number; readonly term: number; readonly end: number };
  readonly #size: number;

  constructor(memory: TransferMemory, words: number) {
    this.#memory = memory;
    this.#size = words * 4;
    this.#at = memory.reserve({ sums: MAX_PLANES * this.#size, term: this.#size });
  }

  sum(target: Uint32Array, offset: number, terms: readonly Uint8Array[]): void {
    if (terms.length === 1) bytesOf(target).set(terms[0] as Uint8Array, offset * 4);
    else {
      this.#add(this.#at.sums, terms);
      this.#take(target, offset, 1);
    }
  }

  sumPlanes(
    target: Uint32Array,
    offset: number,
    parts: readonly (readonly Uint8Array[])[],
    label: number,
    column: Uint8Array,
  ): void {
    const [size, { sums, term }] = [this.#size, this.#at];
    for (let b = 0; b < parts.length; b++)
      this.#add(sums + b * size, parts[b] as readonly Uint8Array[]);
    this.#memory.bytes.set(column, term);
    for (let b = 0; b < parts.length; b++)
      this.#memory.kernel.xorMasked(sums + b * size, term, size, -((label >> b) & 1));
    this.#take(target, offset, parts.length);
  }

  end(): void {
    this.#memory.wipe(this.#at.end);
  }

  #add(sum: number, terms: readonly Uint8Array[]): void {
    const { bytes, kernel } = this.#memory;
    for (let i = 0; i < terms.length; i++) {
      bytes.set(terms[i] as Uint8Array, i > 0 ? this.#at.term : sum);
      if (i > 0) kernel.xorInto(sum, this.#at.term, this.#size);
    }
  }

  #take(target: Uint32Array, offset: number, planes: number): void {
    const { sums } = this.#at;
    const all = this.#memory.bytes.subarray(sums, sums + planes * this.#size);
    bytesOf(target).set(all, offset * 4);
  }
}

class KernelRun implements PadRun {
  readonly #memory: TransferMemory;
  readonly #kernel: TransferKernel;
  readonly #task: PadTask;
  readonly #at: ReturnType<typeof layout>;
  readonly #pads: Uint16Array;
  readonly #perRow: number;
  /** Rows [transposedFrom, transposedTo) are in memory. */
  #transposed = -1;
  #done = 0;

  constructor(memory: TransferMemory, task: PadTask) {
    const { plan, offsets, count } = task;
    this.#memory = memory;
    this.#kernel = memory.kernel;
    this.#task = task;
    this.#perRow = offsets.length / 4;
    const words = count * plan.padWords * this.#perRow;
    // All of it is written before anybody gets it.
    this.#pads = new Uint16Array(Buffer.allocUnsafeSlow(2 * words).buffer);
    this.#at = layout(memory, task);
  }

  inputs(from: number, to: number): Uint8Array {
    const { inputs } = this.#at;
    const chunk = Math.floor(from / ROWS_PER_KEY);
    // Not when it is made: only who has a run can end it, and so wipe.
    if (this.#transposed < 0) this.#load();
    if (this.#transposed !== chunk) this.#transpose(chunk);
    this.#fill(from, to, this.#at.rows + (from % ROWS_PER_KEY) * BLOCK_BYTES);
    return this.#memory.bytes.subarray(inputs, inputs + (to - from) * this.#perRow * BLOCK_BYTES);
  }

  absorb(permuted: Uint8Array): void {
    const at = this.#at;
    const { bytes } = this.#memory;
    bytes.set(permuted, at.permuted);
    const blocks = permuted.length / BLOCK_BYTES;
    const words = blocks * this.#task.plan.padWords;
    const narrow = this.#task.plan.padWords === 1;
    if (narrow) this.#kernel.addLow(at.words, at.permuted, Math.ceil(blocks / 8));
    else this.#kernel.xorInto(at.inputs, at.permuted, permuted.length);
    const source = narrow ? at.words : at.inputs;
    this.#pads.set(new Uint16Array(bytes.buffer, source, words), this.#done);
    this.#done += words;
  }

  pads(): Uint16Array {
    return this.#pads;
  }

  end(): void {
    this.#memory.wipe(this.#at.end);
  }

  #load(): void {
    const { offsets, powers } = this.#task;
    const { bytes } = this.#memory;
    bytes.set(bytesOf(offsets), this.#at.offsets);
    bytes.set(bytesOf(powers), this.#at.powers);
    for (let c = 0; c < this.#perRow; c++) {
      const low = (offsets[4 * c] as number) & 0xffff;
      bytes[this.#at.lows + 2 * c] = low;
      bytes[this.#at.lows + 2 * c + 1] = low >> 8;
    }
    this.#compressPlanes();
  }

  /** Copy by copy of the code, planes to the 128 columns of the matrix. */
  #compressPlanes(): void {
    const { plan, planes, words } = this.#task;
    const { code, copies, fieldBits } = plan;
    const bytes = words * 4;
    const size = code.length * fieldBits * words;
    for (let copy = 0; copy < copies; copy++) {
      const group = planes.subarray(copy * size, (copy + 1) * size);
      this.#memory.bytes.set(bytesOf(group), this.#at.planes);
      for (let b = 0; b < fieldBits; b++) {
        const target = this.#at.matrix + (copy * fieldBits + b) * code.distance * bytes;
        this.#compress(target, this.#at.planes + b * bytes, fieldBits * bytes, bytes);
      }
    }
  }

  #compress(target: number, source: number, stride: number, bytes: number): void {
    const { plan } = this.#task;
    if (plan.code.dimension === 4) {
      this.#kernel.compress15(target, bytes, source, stride, bytes);
      return;
    }
    // Onto zeros.
    compressionMatrix(plan).forEach((positions, row) => {
      for (const position of positions)
        this.#kernel.xorInto(target + row * bytes, source + position * stride, bytes);
    });
  }

  #transpose(chunk: number): void {
    const { count, words } = this.#task;
    const first = chunk * ROWS_PER_KEY;
    const rows = Math.min(ROWS_PER_KEY, count - first);
    for (let row = 0; row < rows; row += BLOCK_ROWS) {
      const target = this.#at.rows + row * BLOCK_BYTES;
      this.#kernel.transposeRows(target, this.#at.matrix, words * 4, first + row);
    }
    this.#transposed = chunk;
  }

  #fill(from: number, to: number, rows: number): void {
    const { inputs, words, offsets, lows, powers, tweak } = this.#at;
    const [perRow, count] = [this.#perRow, to - from];
    const narrow = this.#task.plan.padWords === 1;
    if (narrow && perRow === 16)
      this.#kernel.padInputs16(inputs, words, rows, offsets, lows, powers, tweak, from, count);
    else {
      const lower = narrow ? words : 0;
      this.#kernel.padInputs(inputs, lower, rows, offsets, perRow, powers, tweak, from, count);
    }
  }
}

function layout(memory: TransferMemory, { plan, words, offsets }: PadTask) {
  const bytes = words * 4;
  const perCall = BLOCKS_PER_CALL * BLOCK_BYTES;
  return memory.reserve({
    offsets: offsets.byteLength,
    lows: offsets.byteLength / 8,
    powers: (Math.log2(OT_BATCH_LIMIT) + 1) * BLOCK_BYTES,
    tweak: BLOCK_BYTES,
    rows: ROWS_PER_KEY * BLOCK_BYTES,
    inputs: perCall,
    permuted: perCall,
    words: perCall / 8,
    matrix: ROW_COLUMNS * bytes,
    planes: plan.code.length * plan.fieldBits * bytes,
  });
}
