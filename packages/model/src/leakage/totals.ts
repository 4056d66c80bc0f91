/**
 * Laws of totals: of sums of independent characteristics, for one model or for two at once.
 *
 * A law lists the cells of a grid that have mass. A cell stands for the totals above their least
 * values: (t_1, t_2) is t_1·width + t_2. One model alone is a grid of width 1.
 */
import { MAX_SCORE } from "../scorecard.ts";
import type { SharedCharacteristic } from "./outputs.ts";

/** Cells with mass, each once, and their masses. */
export interface Law {
  readonly cells: Int32Array;
  readonly masses: Float64Array;
}

/** What a characteristic adds: by how many cells, with which probability. */
export interface Step {
  readonly offset: number;
  /** Of all bins that add this. */
  readonly probability: number;
  /** Of the likeliest of them. */
  readonly likeliest: number;
}

/** The grid on which the totals of one or two models lie. */
export interface Grid {
  /** Totals of the first model that are possible, from the least on; and of the second. */
  readonly heights: readonly [number, number];
  /** Least totals without base. */
  readonly least: readonly [number, number];
}

/** The grid for these characteristics. Throws a `RangeError` where totals span more than 0..1023. */
export function gridFor(characteristics: readonly SharedCharacteristic[]): Grid {
  const [first, second] = [0, 1].map((output) => {
    const points = characteristics.map((each) => each.points[output] ?? [0]);
    const min = points.reduce((sum, each) => sum + Math.min(...each), 0);
    const max = points.reduce((sum, each) => sum + Math.max(...each), 0);
    if (max - min > MAX_SCORE) throw new RangeError(`totals span more than 0..${MAX_SCORE}`);
    return { min, height: max - min + 1 };
  });
  return { heights: [first!.height, second!.height], least: [first!.min, second!.min] };
}

/** A characteristic's steps on a grid: bins that add the same are one. */
export function stepsOf(
  { points }: SharedCharacteristic,
  marginal: readonly number[],
  grid: Grid,
): Step[] {
  const [first, second] = [points[0]!, points[1] ?? points[0]!.map(() => 0)];
  const [least1, least2] = [Math.min(...first), Math.min(...second)];
  const steps = new Map<number, Step>();
  marginal.forEach((p, bin) => {
    if (p === 0) return;
    const offset = (first[bin]! - least1) * grid.heights[1] + second[bin]! - least2;
    const { probability, likeliest } = steps.get(offset) ?? { probability: 0, likeliest: 0 };
    const likelier = Math.max(likeliest, p);
    steps.set(offset, { offset, probability: probability + p, likeliest: likelier });
  });
  return [...steps.values()];
}

/**
 * Calculates on one grid; its scratch is of the grid's size, so keep one and use it often. A million
 * cells times every bin of every characteristic is what takes time: the loops are plain.
 */
export class Totals {
  readonly #masses: Float64Array;
  readonly #best: Float64Array;
  readonly #touched: Int32Array;

  /** @param cells of the grid: at most 1024², 20 MiB of scratch. */
  constructor(cells: number) {
    this.#masses = new Float64Array(cells);
    this.#best = new Float64Array(cells);
    this.#touched = new Int32Array(cells);
  }

  /** The law of a total plus one more characteristic. */
  plus({ cells, masses }: Law, steps: readonly Step[]): Law {
    const [sums, touched] = [this.#masses, this.#touched];
    let count = 0;
    for (const { offset, probability } of steps) {
      for (let i = 0; i < cells.length; i++) {
        const cell = cells[i]! + offset;
        const mass = masses[i]! * probability;
        // Zero in the sums means untouched; a mass too small for a number is none.
        if (mass === 0) continue;
        if (sums[cell] === 0) touched[count++] = cell;
        sums[cell] = sums[cell]! + mass;
      }
    }
    return this.#taken(count);
  }

  /** The law of the answers to each cell, `offset` cells further on. */
  image({ cells, masses }: Law, offset: number, answers: Int32Array): Law {
    const [sums, touched] = [this.#masses, this.#touched];
    let count = 0;
    for (let i = 0; i < cells.length; i++) {
      const answer = answers[cells[i]! + offset]!;
      if (sums[answer] === 0) touched[count++] = answer;
      sums[answer] = sums[answer]! + masses[i]!;
    }
    return this.#taken(count);
  }

  /** Σ over cells of the greatest of several laws there, each moved by an offset and weighted. */
  sumOfGreatest(laws: Iterable<{ law: Law; offset: number; weight: number }>): number {
    const best = this.#best.fill(0);
    let sum = 0;
    for (const { law, offset, weight } of laws) {
      const { cells, masses } = law;
      for (let i = 0; i < cells.length; i++) {
        const [cell, mass] = [cells[i]! + offset, masses[i]! * weight];
        if (mass <= best[cell]!) continue;
        sum += mass - best[cell]!;
        best[cell] = mass;
      }
    }
    return sum;
  }

  /** The law spread over the grid. */
  spread({ cells, masses }: Law): Float64Array {
    const grid = new Float64Array(this.#masses.length);
    for (let i = 0; i < cells.length; i++) grid[cells[i]!] = masses[i]!;
    return grid;
  }

  /** What the sums hold, which are left empty. */
  #taken(count: number): Law {
    const cells = this.#touched.slice(0, count);
    const masses = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      masses[i] = this.#masses[cells[i]!]!;
      this.#masses[cells[i]!] = 0;
    }
    return { cells, masses };
  }
}

/** All mass on the least totals: the sum of no characteristics. */
export const NOTHING: Law = { cells: new Int32Array(1), masses: new Float64Array([1]) };

/**
 * For each characteristic, in order, the law of the sum of *all others*. By halving: the left half of
 * a list is visited with the right half added, and so on, which takes n·log n additions and never
 * subtracts (deconvolution loses all digits).
 */
export function withoutEach(
  totals: Totals,
  all: readonly (readonly Step[])[],
  visit: (index: number, rest: Law) => void,
): void {
  const halve = (from: number, to: number, law: Law): void => {
    if (to - from === 1) {
      visit(from, law);
      return;
    }
    const middle = (from + to) >> 1;
    const plusAll = (start: number, end: number): Law =>
      all.slice(start, end).reduce((sum, steps) => totals.plus(sum, steps), law);
    halve(from, middle, plusAll(middle, to));
    halve(middle, to, plusAll(from, middle));
  };
  if (all.length > 0) halve(0, all.length, NOTHING);
}

/** By how much in all a law, moved by an offset, is above another where it is above it. */
export function excess({ cells, masses }: Law, offset: number, over: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < cells.length; i++) {
    const above = masses[i]! - over[cells[i]! + offset]!;
    if (above > 0) sum += above;
  }
  return sum;
}

/** Σ −p·log2 p, in bits. */
export function entropy(masses: ArrayLike<number>): number {
  let bits = 0;
  for (let i = 0; i < masses.length; i++) {
    const p = masses[i]!;
    if (p > 0) bits -= p * Math.log2(p);
  }
  return bits;
}
