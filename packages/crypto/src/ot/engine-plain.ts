import type { ColumnSums, PadEngine, PadRun, PadTask } from "./engine.ts";
import {
  bytesOf,
  type ColumnMatrix,
  compressColumns,
  feedForward,
  gatherChoices,
  padInputs,
  sumWords,
  transposeToRows,
  wordsOf,
  xorWordsIf,
} from "./loops.ts";
import type { OtPlan } from "./parameters.ts";

/** Bit planes of all columns to 128-bit rows, four words each. */
export function compressedRows(plan: OtPlan, planes: Uint32Array, words: number): Uint32Array {
  const { code, fieldBits } = plan;
  const columns = compressColumns(compressionMatrix(plan), code.length, fieldBits, planes, words);
  return transposeToRows(columns, words);
}

/** The matrix by which each copy of the code is compressed, row by row. */
export function compressionMatrix({ code }: OtPlan): ColumnMatrix {
  return Array.from({ length: code.distance }, (_, row) =>
    code.compression.flatMap((column, position) => ((column >> row) & 1 ? [position] : [])),
  );
}

const plainSums: ColumnSums = {
  sum(target, offset, terms) {
    sumWords(target, offset, terms.map(wordsOf));
  },
  sumPlanes(target, offset, parts, label, column) {
    const words = wordsOf(column);
    parts.forEach((terms, b) => {
      const plane = offset + b * words.length;
      sumWords(target, plane, terms.map(wordsOf));
      xorWordsIf((label >> b) & 1, target, plane, words, 0, words.length);
    });
  },
  end() {},
};

/** The engine in plain TypeScript, for where there is no kernel, and for tests to compare with it. */
export const plainEngine: PadEngine = {
  name: "plain",
  sums: () => plainSums,
  begin: (task) => new PlainRun(task),
  gatherChoices,
};

class PlainRun implements PadRun {
  readonly #task: PadTask;
  readonly #rows: Uint32Array;
  readonly #pads: Uint16Array;
  readonly #tweak = new Uint32Array(4);
  #inputs = new Uint32Array(0);
  #done = 0;

  constructor(task: PadTask) {
    const { plan, planes, words, offsets, count } = task;
    this.#task = task;
    this.#rows = compressedRows(plan, planes, words);
    this.#pads = new Uint16Array((count * plan.padWords * offsets.length) / 4);
  }

  inputs(from: number, to: number): Uint8Array {
    const { offsets, powers } = this.#task;
    const length = (to - from) * offsets.length;
    if (this.#inputs.length < length) this.#inputs = new Uint32Array(length);
    padInputs(this.#rows, offsets, powers, this.#tweak, from, to, this.#inputs);
    return bytesOf(this.#inputs.subarray(0, length));
  }

  absorb(permuted: Uint8Array): void {
    const { padWords } = this.#task.plan;
    const blocks = permuted.length / 16;
    feedForward(this.#inputs, wordsOf(permuted), blocks, padWords, this.#pads, this.#done);
    this.#done += blocks * padWords;
  }

  pads(): Uint16Array {
    return this.#pads;
  }

  end(): void {
    this.#rows.fill(0);
    this.#inputs.fill(0);
  }
}
