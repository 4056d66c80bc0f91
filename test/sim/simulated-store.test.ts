/** The simulated store does what the real one does, and its crashes lose what they may and no more. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";
import {
  openStore,
  type Range,
  type Span,
  type Store,
  StoreError,
  type Table,
} from "@moiety/node/runtime";
import { VirtualClock } from "@moiety/transport";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SimulatedDisk } from "./disk.ts";
import { SimulatedStore } from "./simulated-store.ts";

const byte = fc.integer({ min: 0, max: 5 });
const place = fc.array(byte, { minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes));
const value = fc.integer({ min: 0, max: 255 }).map((content) => Buffer.of(content));
const write = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), place, value }),
  fc.record({ kind: fc.constant("remove" as const), place }),
);
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;
const transaction = fc.record({
  kind: fc.constant("transaction" as const),
  writes: fc.array(write, { maxLength: 4 }),
  fails: fc.boolean(),
});
// Of keys that nothing else writes: see `ifNoExists` in packages/node for what lmdb does otherwise.
const ifAbsent = fc.record({
  kind: fc.constant("if-absent" as const),
  place: place.map((rest) => Buffer.concat([Buffer.of(9), rest])),
  value,
});
type Step = typeof write | typeof transaction | typeof ifAbsent extends infer A
  ? A extends fc.Arbitrary<infer T>
    ? T
    : never
  : never;
/** Asked at once; a transaction by itself, for lmdb does not promise its place among other writes. */
const round: fc.Arbitrary<Step[]> = fc.oneof(
  fc.array(fc.oneof(write, ifAbsent), { minLength: 1, maxLength: 4 }),
  transaction.map((each) => [each]),
);

const RANGES: readonly Range[] = [
  {},
  { start: Buffer.of(1), end: Buffer.of(4) },
  { start: Buffer.of(2, 2), limit: 2 },
  { start: Buffer.of(4), end: Buffer.of(1) },
  { reverse: true },
  { end: Buffer.of(2, 2), reverse: true, limit: 2 },
  { start: Buffer.of(1), end: Buffer.of(4), reverse: true },
];

function apply(table: Table, { kind, place: at, ...rest }: Write): Promise<boolean> {
  return kind === "put" ? table.put(at, (rest as { value: Buffer }).value) : table.remove(at);
}

/** Asks for one step; resolves with what its promise came to. */
async function perform(store: Store, table: Table, asked: Step): Promise<unknown> {
  if (asked.kind === "if-absent")
    return table.ifNoExists(asked.place, () => void table.put(asked.place, asked.value));
  if (asked.kind !== "transaction") {
    await apply(table, asked);
    return undefined;
  }
  const done = store.transaction(() => {
    for (const each of asked.writes) void apply(table, each);
    if (asked.fails) throw new Error("no");
  });
  return done.then(
    () => "done",
    (error: Error) => error.message,
  );
}

const spanOf = ({ limit: _, reverse: __, ...span }: Range): Span => span;

function content(table: Table): unknown[] {
  return RANGES.map((range) => ({
    count: table.getCount(spanOf(range)),
    keys: [...table.getKeys(range)].map((key) => Buffer.from(key).toString("hex")),
    entries: [...table.getRange(range)].map(({ key, value: held }) => [
      key.toString("hex"),
      held.toString("hex"),
    ]),
  }));
}

describe("the simulated store", () => {
  it("reads and writes as lmdb does, whatever is asked for at once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "moiety-sim-store-"));
    const real = await openStore(folder, "net/a");
    const clock = new VirtualClock();
    let tables = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(round), async (rounds) => {
        const disk = new SimulatedDisk();
        const simulated = new SimulatedStore({ disk, clock, rng: seededRng("store") });
        const [one, other] = [real.table("t"), simulated.table("t")];
        for (const key of [...one.getKeys()]) await one.remove(key);
        tables += 1;
        for (const asked of rounds) {
          const [ours, theirs] = await clock.runWhile(
            Promise.all([
              Promise.all(asked.map((each) => perform(simulated, other, each))),
              Promise.all(asked.map((each) => perform(real, one, each))),
            ]),
          );
          expect(ours).toEqual(theirs);
          expect(content(other)).toEqual(content(one));
        }
      }),
      { numRuns: 60 },
    );
    expect(tables).toBeGreaterThan(0);
    await real.close();
    rmSync(folder, { recursive: true });
  });

  it("keeps at a crash all that was acknowledged, and of the rest a beginning", async () => {
    let lost = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const clock = new VirtualClock();
      const disk = new SimulatedDisk();
      const store = new SimulatedStore({ disk, clock, rng: seededRng(`crash ${seed}`) });
      const table = store.table("t");
      let acked = 0;
      for (let n = 1; n <= 20; n += 1) {
        void table.put(Buffer.of(n), Buffer.of(n)).then(() => {
          acked = n;
        });
        await clock.advance(n % 3);
      }
      store.crash();
      const left = new SimulatedStore({ disk, clock, rng: seededRng("after") }).table("t");
      const count = left.getCount();
      expect([...left.getKeys()].map((key) => key[0])).toEqual(
        Array.from({ length: count }, (_, n) => n + 1),
      );
      expect(count).toBeGreaterThanOrEqual(acked);
      if (count < 20) lost += 1;
    }
    expect(lost).toBeGreaterThan(0);
  });

  it("acknowledges nothing while its disk takes no writes, and is read all the same", async () => {
    const clock = new VirtualClock();
    const disk = new SimulatedDisk();
    const store = new SimulatedStore({ disk, clock, rng: seededRng("full") });
    const table = store.table("t");
    await clock.runWhile(table.put(Buffer.of(1), Buffer.of(1)));
    disk.trouble = "disk full";
    const refused = clock.runWhile(table.put(Buffer.of(2), Buffer.of(2)));
    await expect(refused).rejects.toBeInstanceOf(StoreError);
    expect([table.get(Buffer.of(1)), table.get(Buffer.of(2))]).toEqual([Buffer.of(1), undefined]);
    disk.trouble = undefined;
    expect(await clock.runWhile(table.put(Buffer.of(2), Buffer.of(2)))).toBe(true);
  });
});
