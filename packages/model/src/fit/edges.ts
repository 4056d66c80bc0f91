/** Fine bins for a catalogue, proposed from values that a platform has. */
import { MAX_BINS } from "../feature.ts";

/** Bins beside "missing". */
const MOST_BINS = MAX_BINS - 1;

export interface EdgeOptions {
  /** Bins beside "missing", 2..15. Default 15. */
  readonly maxBins?: number;
  /** Values that mean something of their own (−1 for "none", 0 for "never"): each gets its own bin. */
  readonly special?: readonly number[];
}

/** A distinct value and how often it occurs. */
interface Spike {
  readonly value: number;
  readonly count: number;
}

/**
 * Edges such that bins hold about equally many people: quantiles that never part equal values, so a
 * value that many people share has a bin to itself. Between two neighbouring values the edge is the
 * roundest number that parts them: shorter to read, and not one person's exact value. Few distinct
 * values are all kept apart.
 *
 * @param values NaN stands for missing and is left out; no infinities.
 * @returns ascending edges as a catalogue lists them; none if fewer than two values are known.
 * @throws RangeError for options out of bounds or an infinite value.
 */
export function proposeEdges(values: ArrayLike<number>, options: EdgeOptions = {}): number[] {
  const { maxBins = MOST_BINS, special = [] } = options;
  if (!Number.isInteger(maxBins) || maxBins < 2 || maxBins > MOST_BINS) {
    throw new RangeError(`maxBins: a whole number from 2 to ${MOST_BINS}`);
  }
  const spikes = distinct(values);
  const apart = new Set(special.filter((value) => spikes.some((spike) => spike.value === value)));
  if (apart.size > maxBins) throw new RangeError(`special: ${apart.size} values, ${maxBins} bins`);
  const starts = spikes.length <= maxBins ? spikes.map((_, i) => i) : cuts(spikes, apart, maxBins);
  return starts
    .filter((start) => start > 0)
    .map((start) => roundest(spikes[start - 1]!.value, spikes[start]!.value));
}

function distinct(values: ArrayLike<number>): Spike[] {
  const known = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  if (known.length > 0 && !(Number.isFinite(known[0]!) && Number.isFinite(known.at(-1)!))) {
    throw new RangeError("values: an infinite one");
  }
  const spikes: { value: number; count: number }[] = [];
  for (const value of known) {
    const last = spikes.at(-1);
    if (last?.value === value) last.count += 1;
    else spikes.push({ value: value + 0, count: 1 });
  }
  return spikes;
}

/**
 * Where bins start, as positions in `spikes`. Special values split the rest into stretches; bins are
 * dealt out one by one to the stretch whose bins are the fullest.
 */
function cuts(spikes: readonly Spike[], special: ReadonlySet<number>, maxBins: number): number[] {
  const stretches = stretchesOf(spikes, special);
  const bins = stretches.map(() => 1);
  for (let left = maxBins - stretches.length; left > 0; left--) {
    let fullest = -1;
    stretches.forEach((stretch, i) => {
      if (stretch.length <= bins[i]!) return;
      if (fullest < 0 || load(stretch, bins[i]!) > load(stretches[fullest]!, bins[fullest]!)) {
        fullest = i;
      }
    });
    if (fullest < 0) break;
    bins[fullest]! += 1;
  }
  let first = 0;
  const starts = stretches.flatMap((stretch, i) => {
    const own = quantileStarts(stretch, bins[i]!).map((start) => first + start);
    first += stretch.length;
    return own;
  });
  return starts;
}

/** Runs of values between the special ones, and each special one by itself; none is empty. */
function stretchesOf(spikes: readonly Spike[], special: ReadonlySet<number>): Spike[][] {
  const stretches: Spike[][] = [];
  let open = false;
  for (const spike of spikes) {
    const alone = special.has(spike.value);
    if (open && !alone) stretches.at(-1)!.push(spike);
    else stretches.push([spike]);
    open = !alone;
  }
  return stretches;
}

function load(stretch: readonly Spike[], bins: number): number {
  return countOf(stretch) / bins;
}

function countOf(spikes: readonly Spike[]): number {
  return spikes.reduce((sum, { count }) => sum + count, 0);
}

/** Fills bin after bin up to the mean of what is left, cutting where that is nearer. */
function quantileStarts(spikes: readonly Spike[], bins: number): number[] {
  const starts = [0];
  let left = countOf(spikes);
  let filled = 0;
  for (let i = 0; i < spikes.length; i++) {
    const { count } = spikes[i]!;
    const binsLeft = bins - starts.length + 1;
    const target = left / binsLeft;
    const full = filled > 0 && binsLeft > 1 && filled + count / 2 > target;
    const needed = spikes.length - i < binsLeft; // as many values as bins: each gets one
    if (full || (filled > 0 && needed && binsLeft > 1)) {
      starts.push(i);
      left -= filled;
      filled = 0;
    }
    filled += count;
  }
  return starts;
}

/** The number with the fewest digits above `below` and up to `value`; of several, the greatest. */
function roundest(below: number, value: number): number {
  for (let digits = 1; digits <= 15; digits++) {
    const scale =
      10 ** (digits - 1 - Math.floor(Math.log10(Math.max(Math.abs(value), Math.abs(below)))));
    const candidate = Number((Math.floor(value * scale) / scale).toPrecision(15));
    if (candidate > below && candidate <= value) return candidate + 0;
  }
  return value;
}
