/** Deltas: what a chain of them holds is what a plain map says, on either side and never on one alone. */
import { type Element, joinBins, openSealed, seal, seededRng, unpackNibbles } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  boxes,
  bureauInput,
  content,
  platformInput,
  platformKey,
  prepare,
  pseudonyms,
} from "../test-deposits.ts";
import { MemoryShelf } from "../test-shelf.ts";
import { SIGMAS, uniformDeviation } from "../test-statistics.ts";
import { failureOf, outputOf, play } from "../test-world.ts";
import { chunkContext, openChunk, openedRows, REMOVED, type Side } from "./chunk.ts";
import { baseDigest, parseHeader, rowBytes, SHARES_AT, signHeader } from "./header.ts";
import { bureau, deposit, platform } from "./protocol.ts";
import { DepositSealer, type PreparedDeposit } from "./sealing.ts";

const FEATURES = 3;
const SIDES = ["a", "b"] as const;

async function deliver(shelf: MemoryShelf, what: PreparedDeposit, side: Side) {
  return play(deposit, {
    platform: (session) => platform(session, platformInput(what, side)),
    bureau: (session) => bureau(session, bureauInput(side, shelf)),
  });
}

function on(base: PreparedDeposit) {
  const { version } = base.header;
  return { version: version + 1, base: { version, header: baseDigest(base.bytes) } };
}

/** Steps over few people, so that they meet again: who is put with which seed, and who is removed. */
const people = pseudonyms(seededRng("people"), 12);
const stepArbitrary = fc.record({
  snapshot: fc.boolean(),
  put: fc.uniqueArray(fc.nat(people.length - 1), { maxLength: 6 }),
  removed: fc.uniqueArray(fc.nat(people.length - 1), { maxLength: 6 }),
});

describe("a chain of snapshots and deltas", () => {
  test("holds at both bureaus what a plain map holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepArbitrary, { minLength: 1, maxLength: 5 }), async (steps) => {
        const rng = seededRng(JSON.stringify(steps));
        const shelves = { a: new MemoryShelf("a"), b: new MemoryShelf("b") };
        let model = new Map<string, Uint8Array>();
        let last: PreparedDeposit | undefined;
        for (const step of steps) {
          const bins = content(rng, step.put.length, FEATURES).bins;
          const delta = last !== undefined && !step.snapshot;
          const gone = delta ? step.removed.filter((who) => !step.put.includes(who)) : [];
          if (!delta) model = new Map();
          for (const who of gone) model.delete(nameOf(who));
          for (const [i, who] of step.put.entries())
            model.set(nameOf(who), bins.subarray(i * FEATURES, (i + 1) * FEATURES));
          const given = {
            pseudonyms: step.put.map((who) => people[who] as Element),
            bins,
            features: FEATURES,
            removed: gone.map((who) => people[who] as Element),
          };
          const version = (last?.header.version ?? 0) + 1;
          last = prepare(given, rng, delta ? on(last as PreparedDeposit) : { version });
          for (const side of SIDES) outputOf((await deliver(shelves[side], last, side)).platform);
          expect(joined(shelves, version)).toEqual(model);
        }
      }),
      { numRuns: 25 },
    );
  });

  test("is refused by a bureau that lacks the base, or has another one", async () => {
    const rng = seededRng("base");
    const first = prepare(content(rng, 4, FEATURES), rng);
    const other = prepare(content(rng, 4, FEATURES), rng);
    const delta = prepare(content(rng, 1, FEATURES), rng, on(first));
    const shelf = new MemoryShelf("a");
    expect(failureOf((await deliver(shelf, delta, "a")).platform).code).toBe("conflict");
    await deliver(shelf, other, "a");
    expect(failureOf((await deliver(shelf, delta, "a")).platform).code).toBe("conflict");
  });
});

function nameOf(who: number): string {
  return Buffer.from(people[who] as Element).toString("hex");
}

function joined(shelves: Readonly<Record<Side, MemoryShelf>>, version: number) {
  const [a, b] = SIDES.map((side) => shelves[side].content(version));
  expect([...(a?.keys() ?? [])].sort()).toEqual([...(b?.keys() ?? [])].sort());
  const half = (shares: Uint8Array): Uint8Array => unpackNibbles(shares, FEATURES);
  return new Map(
    [...(a ?? [])].map(([name, shares]) => [
      name,
      joinBins(half(shares), half(b?.get(name) as Uint8Array)),
    ]),
  );
}

describe("a delta's header", () => {
  const rng = seededRng("delta header");
  const first = prepare(content(rng, 2, FEATURES), rng);
  const delta = prepare(content(rng, 1, FEATURES), rng, on(first));

  test("names the base and pins its header", () => {
    expect(parseHeader(delta.bytes)).toEqual(delta.header);
    expect(delta.header.base).toEqual({ version: 1, header: baseDigest(first.bytes) });
    expect(parseHeader(first.bytes).base).toBeUndefined();
    const changed = Uint8Array.from(first.bytes, (byte, i) => (i === 40 ? byte ^ 1 : byte));
    expect(baseDigest(changed)).not.toEqual(baseDigest(first.bytes));
  });

  test.each([2, 3])("is refused when the base is version %i of 2", (version) => {
    const base = { version, header: baseDigest(first.bytes) };
    const { bytes } = signHeader({ ...delta.header, base }, platformKey);
    expect(() => parseHeader(bytes)).toThrow("not an earlier one");
  });
});

describe("rows", () => {
  const rng = seededRng("delta rows");
  const first = prepare(content(rng, 6, FEATURES), rng);
  const [one, two, three] = pseudonyms(rng, 3) as [Element, Element, Element];
  const delta = prepare(
    { pseudonyms: [one, two], bins: new Uint8Array(6), features: FEATURES, removed: [three] },
    rng,
    on(first),
  );

  test("of a removal are as long as others, and have no shares", () => {
    const { records } = openChunk(delta.sealed.a[0]!, 0, "a", delta.header, boxes.a);
    expect(records.length).toBe(3 * rowBytes(FEATURES));
    const removed = [...openedRows(records, FEATURES)].filter(({ shares }) => !shares);
    expect(removed.map(({ pseudonym }) => Buffer.from(pseudonym))).toEqual([Buffer.from(three)]);
  });

  /** The delta's only chunk for bureau A with one row changed, sealed again as the platform would. */
  function withRow(what: PreparedDeposit, change: (row: Uint8Array) => void) {
    const chunk = openSealed(boxes.a, chunkContext(what.header, "a", 0), what.sealed.a[0]!);
    change(chunk.subarray(32, 32 + rowBytes(FEATURES)));
    const sealed = seal(boxes.a.publicKey, chunkContext(what.header, "a", 0), chunk, rng);
    return () => openChunk(sealed, 0, "a", what.header, boxes.a);
  }
  const removing = (row: Uint8Array): void => row.set([REMOVED >> 8, REMOVED & 255], 32);

  test.each([
    ["a removal in a snapshot", first, removing, "removal in a snapshot"],
    [
      "a removal with shares",
      delta,
      (row: Uint8Array) => {
        removing(row);
        row[SHARES_AT] = 1;
      },
      "shares of a person who is removed",
    ],
  ] as const)("with %s are refused", (_, what, change, problem) => {
    expect(withRow(what, change)).toThrow(problem);
  });

  test("keep the age that the platform states", () => {
    const row = { pseudonym: one, bins: new Uint8Array(FEATURES), ageDays: 0x123 };
    const keys = { signing: platformKey, boxes: { a: boxes.a.publicKey, b: boxes.b.publicKey } };
    const sealer = new DepositSealer({ ...first.header, version: 9 }, keys, rng);
    const { b } = sealer.seal([row]);
    const { header } = sealer.finish();
    const { records } = openChunk(b, 0, "b", header, boxes.b);
    expect([...openedRows(records, FEATURES)].map(({ ageDays }) => ageDays)).toEqual([0x123]);
  });

  test("go in by full chunks, in order, and only a delta removes", () => {
    const keys = { signing: platformKey, boxes: { a: boxes.a.publicKey, b: boxes.b.publicKey } };
    const rows = [one, two, three]
      .sort((x, y) => Buffer.compare(x, y))
      .map((pseudonym) => ({ pseudonym, bins: new Uint8Array(FEATURES) }));
    const sealer = () => new DepositSealer(first.header, keys, rng);
    expect(() => sealer().seal([...rows].reverse())).toThrow("out of order");
    expect(() => sealer().seal([rows[0]!, rows[0]!])).toThrow("twice");
    expect(() => sealer().seal([])).toThrow("chunk of 0 rows");
    expect(() => sealer().seal([{ pseudonym: one, bins: undefined }])).toThrow("only a delta");
    const begun = sealer();
    begun.seal(rows.slice(0, 1));
    expect(() => begun.seal(rows.slice(1))).toThrow("after 1");
  });
});

test("the halves of 20,000 people whom a delta sets to the same bins are uniform", () => {
  const rng = seededRng("delta uniformity");
  const many = pseudonyms(rng, 20_000);
  const bins = new Uint8Array(many.length * FEATURES).fill(5);
  const first = prepare({ pseudonyms: many, bins, features: FEATURES }, rng);
  const delta = prepare({ pseudonyms: many, bins, features: FEATURES }, rng, on(first));
  for (const side of SIDES) {
    const halves = [first, delta].map((each) => nibblesOf(each, side));
    for (const half of halves) expect(deviationOf(half, (share) => share)).toBeLessThan(SIGMAS);
    const [before, after] = halves as [number[], number[]];
    const shift = (share: number, at: number): number => (share - (before[at] as number)) & 15;
    expect(deviationOf(after, shift)).toBeLessThan(SIGMAS);
  }
});

function nibblesOf(what: PreparedDeposit, side: Side): number[] {
  return what.sealed[side].flatMap((sealed, index) => {
    const { records } = openChunk(sealed, index, side, what.header, boxes[side]);
    return [...openedRows(records, FEATURES)].flatMap(({ shares }) => [
      ...unpackNibbles(shares as Uint8Array, FEATURES),
    ]);
  });
}

function deviationOf(values: readonly number[], cell: (value: number, at: number) => number) {
  const counts = new Uint32Array(16);
  for (const [at, value] of values.entries()) counts[cell(value, at)]! += 1;
  return Math.abs(uniformDeviation(counts));
}
