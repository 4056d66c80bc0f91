/** Makes a deposit out of changes: as a delta where that is smaller, else as a snapshot. */
import type { Rng } from "@moiety/crypto";
import { depositHeader, depositSealing } from "@moiety/protocols";
import { nextTurn } from "../next-turn.ts";
import type { OwnCatalogue } from "./described.ts";
import type { Holdings, Place, Tally } from "./holdings.ts";
import { type Base, baseHeader, type Journey, type Outbox } from "./outbox.ts";
import type { HeldPerson } from "./people.ts";

const { CHUNK_RECORDS, baseDigest } = depositHeader;
const DAY_SECONDS = 86_400;
/** A delta costs the bureaus a write per row at another place each, a snapshot one after the other. */
const DELTA_GAIN = 2;
/** Deltas after which a snapshot is due: it lets go of their headers, and of what went wrong meanwhile. */
const MAX_DELTAS = 256;

export interface Draft {
  readonly place: Place;
  readonly version: number;
  readonly source: string;
  readonly catalogue: OwnCatalogue;
  readonly tally: Tally;
  /** The version that both bureaus list and whose catalogue is the same, if any; none: a snapshot. */
  readonly base: Base | undefined;
  readonly facts: Pick<depositHeader.DepositFacts, "network" | "platform" | "madeAt">;
}

/** Whether changes are better sent as a delta on `base`. */
export function isWorthDelta(base: Base, { put, removed, total }: Tally): boolean {
  return base.deltas < MAX_DELTAS && DELTA_GAIN * (put + removed) <= total;
}

/**
 * Splits and seals what `holdings` has as changes of this version, chunk by chunk, into the outbox,
 * and begins the journey. Memory does not grow with the number of people. `progress` may throw.
 */
export async function drafted(
  draft: Draft,
  { holdings, outbox }: { readonly holdings: Holdings; readonly outbox: Outbox },
  keys: depositSealing.SealingKeys,
  rng: Rng,
  progress: (done: number, of: number) => void,
): Promise<Journey> {
  const { place, version, base, catalogue, tally, source } = draft;
  const { features, digest } = catalogue;
  const named = base && { version: base.version, header: baseDigest(baseHeader(base)) };
  const facts = { ...draft.facts, ...place, version, catalogue: digest, features };
  const sealer = new depositSealing.DepositSealer(
    { ...facts, ...(named && { base: named }) },
    keys,
    rng,
  );
  const of = base === undefined ? tally.total : tally.put + tally.removed;
  await outbox.clear(place.domain, version);
  let [index, done] = [0, 0];
  let rows: depositSealing.DepositRow[] = [];
  const flush = async (): Promise<void> => {
    const steps = sealer.steps(rows);
    let step = steps.next();
    for (; !step.done; step = steps.next()) await nextTurn();
    await outbox.put(place.domain, version, index, step.value);
    done += rows.length;
    index += 1;
    rows = [];
    progress(done, of);
  };
  for await (const row of rowsOf(draft, holdings))
    if (rows.push(row) === CHUNK_RECORDS) await flush();
  if (rows.length > 0) await flush();
  return outbox.begin(sealer.finish(), { source, people: tally.total, catalogue: catalogue.bytes });
}

async function* rowsOf(
  { base, place, version, catalogue, facts: { madeAt } }: Draft,
  holdings: Holdings,
): AsyncGenerator<depositSealing.DepositRow> {
  const { retention } = catalogue;
  const people =
    base === undefined ? holdings.wanted(place, version) : holdings.changes(place.domain, version);
  for await (const { key: pseudonym, value: person } of people) {
    if (person === undefined) yield { pseudonym, bins: undefined };
    else if (base !== undefined || !retention.isGone(person.madeAt, madeAt))
      yield { pseudonym, ...unexpired(person, catalogue, madeAt) };
  }
}

/** What was given long ago is not made young by being sent again: its age goes with it. */
function unexpired(
  person: HeldPerson,
  { retention }: OwnCatalogue,
  madeAt: number,
): { readonly bins: Uint8Array; readonly ageDays: number } {
  const bins = Uint8Array.from(person.bins, (bin, feature) =>
    retention.isExpired(feature, person.madeAt, madeAt) ? 0 : bin,
  );
  return { bins, ageDays: Math.ceil(Math.max(0, madeAt - person.madeAt) / DAY_SECONDS) };
}
