/** What a new deposit changes: rows that are given against rows that are held. */
import { joined } from "../ranges.ts";
import type { Change, Holdings, Place } from "./holdings.ts";
import type { HeldPerson } from "./people.ts";

/** Counts as the changes pass. */
export class Counted {
  /** People who were not held before. */
  fresh = 0;
  /** People to be removed who are not held, nor about to be. */
  absent = 0;
}

/** Whether what is held still says what is given, and is not about to expire. */
export type StillGood = (held: HeldPerson, given: HeldPerson) => boolean;

/**
 * Equal bins, held long enough to be worth sending again: a tenth of the shortest retention. So a
 * record that is in every day's file never comes near its end, and few records are sent every day.
 */
export function stillGood(shortestRetention: number | undefined, now: number): StillGood {
  const fresh = shortestRetention === undefined ? Number.POSITIVE_INFINITY : shortestRetention / 10;
  return (held, given) =>
    held.bins.length === given.bins.length &&
    Buffer.compare(held.bins, given.bins) === 0 &&
    now - held.madeAt < fresh;
}

/** From what is held to exactly those who are given. */
export async function* replacing(
  holdings: Holdings,
  place: Place,
  given: AsyncIterable<Change>,
  good: StillGood,
  counted: Counted,
): AsyncGenerator<Change> {
  for await (const { key, left: held, right: person } of joined(holdings.content(place), given)) {
    if (held === undefined) counted.fresh += 1;
    if (held !== undefined && person !== undefined && good(held, person)) continue;
    yield { key, value: person };
  }
}

/** From what is held, with changes that did not arrive yet, to the same with the given ones as well. */
export async function* amending(
  holdings: Holdings,
  place: Place,
  pending: AsyncIterable<Change>,
  given: AsyncIterable<Change>,
  good: StillGood,
  counted: Counted,
): AsyncGenerator<Change> {
  for await (const each of joined(pending, given)) {
    const held = holdings.get(place.domain, place.epoch, each.key);
    const isGiven = "right" in each;
    const person = isGiven ? each.right : each.left;
    if (person === undefined) {
      if (held !== undefined) yield { key: each.key, value: undefined };
      else if (isGiven && each.left === undefined) counted.absent += 1;
      continue;
    }
    if (held === undefined) counted.fresh += 1;
    if (held === undefined || !good(held, person)) yield { key: each.key, value: person };
  }
}

export async function* nobody(): AsyncGenerator<Change> {
  // No changes.
}
