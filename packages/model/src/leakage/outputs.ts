/** What a bank gets to see of a model: a total, or the band in which the total lies. */
import {
  type Characteristic,
  characteristicName,
  MAX_SCORE,
  type Scorecard,
} from "../scorecard.ts";

/** A model, and how its total is answered. */
export interface ScoreOutput {
  readonly model: Pick<Scorecard, "base" | "characteristics">;
  /** Ascending totals at which a new band begins, so that the band is how many are ≤ the total. Without: the total. */
  readonly bandEdges?: readonly number[];
}

/** One output, or two that one bank may combine about one person. */
export type Outputs = readonly [ScoreOutput] | readonly [ScoreOutput, ScoreOutput];

/** A characteristic of one or both models, and what each bin adds to their totals. */
export interface SharedCharacteristic {
  readonly name: string;
  readonly domain: string;
  readonly feature: string;
  /** For each output, points by bin; zeros where its model does not use the feature. */
  readonly points: readonly (readonly number[])[];
}

/**
 * The characteristics of all models, each once, in order of first appearance. Throws a `RangeError` for
 * models that disagree about bins, and for edges that are not ascending totals.
 */
export function sharedCharacteristics(outputs: Outputs): SharedCharacteristic[] {
  for (const { bandEdges } of outputs) checkEdges(bandEdges);
  const all = outputs.flatMap(({ model }) => model.characteristics);
  const names = [...new Set(all.map(characteristicName))];
  return names.map((name) => {
    const found = outputs.map(({ model }) =>
      model.characteristics.find((each) => characteristicName(each) === name),
    );
    const { domain, feature } = found.find((each): each is Characteristic => each !== undefined)!;
    const bins = Math.max(...found.map((each) => each?.points.length ?? 0));
    const points = found.map((each) => each?.points ?? new Array<number>(bins).fill(0));
    if (points.some(({ length }) => length !== bins)) {
      throw new RangeError(`characteristic ${name}: the two models give it different bins`);
    }
    return { name, domain, feature, points };
  });
}

/** No edges would be one band, which tells nothing, whatever is answered in truth. */
function checkEdges(edges: readonly number[] | undefined): void {
  if (edges === undefined) return;
  const ascend = edges.every((edge, i) => i === 0 || edges[i - 1]! < edge);
  const total = (edge: number) => Number.isInteger(edge) && edge >= 0 && edge <= MAX_SCORE;
  if (edges.length > 0 && ascend && edges.every(total)) return;
  throw new RangeError(`bandEdges: one total of 0..${MAX_SCORE} or more, ascending`);
}

/** The answer to a total. */
export function answerTo({ bandEdges }: ScoreOutput, total: number): number {
  if (bandEdges === undefined) return total;
  let band = 0;
  for (const edge of bandEdges) if (total >= edge) band += 1;
  return band;
}
