/**
 * From an older layout of the store to today's. Each step has a name and a version from which it
 * leads to the next; it works in slices that may be repeated, so that a migration which is cut short
 * goes on at the next start. The version in the store rises after each step.
 */
import { depositHeader } from "@moiety/protocols";
import { dropRange, entriesOf, SLICE } from "./ranges.ts";
import { NEVER } from "./retention.ts";
import { key, type Store, type Table } from "./store-table.ts";

type Migrated = Pick<Store, "table" | "transaction">;

export interface Migration {
  readonly from: number;
  readonly name: string;
  run(store: Migrated): Promise<void>;
}

export const MIGRATIONS: readonly Migration[] = [
  { from: 1, name: "deposits by epoch and with the age of each record", run: depositsByEpoch },
];

/** Runs the steps that lead from `version` to the newest; `reached` is told, and awaited, after each. */
export async function migrate(
  store: Migrated,
  version: number,
  reached: (version: number, name: string) => Promise<unknown>,
): Promise<void> {
  for (const { from, name, run } of MIGRATIONS) {
    if (from < version) continue;
    await run(store);
    await reached(from + 1, name);
  }
}

/** State of a version in both layouts. */
const COMPLETE = 1;

/**
 * Version 1 had `deposits`, `chunks` and `records` by (domain, version), one epoch and no ages; and a
 * platform kept no content, and its chunks were sealed as no bureau opens them any more.
 */
async function depositsByEpoch(store: Migrated): Promise<void> {
  await bureauDeposits(store);
  await platformJourneys(store);
}

async function bureauDeposits(store: Migrated): Promise<void> {
  const deposits = store.table("deposits");
  for (const place of [...deposits.getKeys()]) {
    const value = Buffer.from(Uint8Array.from(deposits.get(place) as Buffer));
    const bytes = new Uint8Array(value.subarray(65));
    const { domain, epoch, version, madeAt } = depositHeader.parseHeader(bytes);
    const prefix = key(domain, epoch, version);
    const complete = value[0] === COMPLETE;
    if (complete) {
      await move(store, "records", "deposit-rows", place, prefix, (row) => [key(madeAt), row]);
      await move(store, "chunks", "deposit-chunks", place, prefix, (row) => [row, key(madeAt)]);
    } else
      for (const table of ["records", "chunks"])
        await dropRange(store, store.table(table), place, () => false);
    await store.transaction(() => {
      // State, not folded, never due (no catalogue had a retention), signature and header.
      const entry = Buffer.concat([Buffer.of(COMPLETE, 0), key(NEVER), value.subarray(1)]);
      if (complete) void store.table("deposit-versions").put(prefix, entry);
      void deposits.remove(place);
    });
  }
}

/** Moves what begins with one prefix to another table and prefix, slice by slice. */
async function move(
  store: Migrated,
  from: string,
  to: string,
  before: Buffer,
  prefix: Buffer,
  change: (value: Buffer) => Buffer[],
): Promise<void> {
  const [source, target] = [store.table(from), store.table(to)];
  let slice: { readonly key: Buffer; readonly value: Buffer }[] = [];
  const flush = async (): Promise<void> => {
    const moved = slice;
    slice = [];
    await store.transaction(() => {
      for (const { key: rest, value } of moved) {
        void target.put(Buffer.concat([prefix, rest]), Buffer.concat(change(value)));
        void source.remove(Buffer.concat([before, rest]));
      }
    });
  };
  for await (const entry of entriesOf(source, before))
    if (slice.push(entry) === SLICE) await flush();
  if (slice.length > 0) await flush();
}

async function platformJourneys(store: Migrated): Promise<void> {
  const [journeys, sealed] = [store.table("journeys"), store.table("sealed")];
  await emptied(store, sealed);
  for (const domain of [...journeys.getKeys()]) {
    const journey = JSON.parse((journeys.get(domain) as Buffer).toString()) as {
      readonly header: string;
      readonly accepted: { readonly a: boolean; readonly b: boolean };
      readonly state?: string;
    };
    if (journey.state !== undefined) continue; // this step was cut short after it
    const bytes = new Uint8Array(Buffer.from(journey.header, "base64"));
    const { epoch, records } = depositHeader.parseHeader(bytes);
    const arrived = journey.accepted.a && journey.accepted.b;
    const state = arrived ? "settled" : "abandoned";
    const now = { ...journey, epoch, people: records, state };
    await journeys.put(domain, Buffer.from(JSON.stringify(now)));
  }
}

async function emptied(store: Migrated, table: Table): Promise<void> {
  for (;;) {
    const keys = [...table.getKeys({ limit: SLICE })];
    if (keys.length === 0) return;
    await store.transaction(() => {
      for (const each of keys) void table.remove(each);
    });
  }
}
