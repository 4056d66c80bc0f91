import {
  type Element,
  joinBins,
  merkleRoot,
  SEALED_OVERHEAD_BYTES,
  SealError,
  seal,
  seededRng,
  unpackNibbles,
} from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boxes, content, platformKey, prepare, pseudonyms, rootOn } from "../test-deposits.ts";
import {
  ChunkError,
  chunkContext,
  chunkLeaves,
  type OpenedChunk,
  openChunk,
  type Side,
} from "./chunk.ts";
import {
  CHUNK_RECORDS,
  chunkCount,
  parseHeader,
  rowBytes,
  SHARES_AT,
  verifyHeader,
} from "./header.ts";
import type { PreparedDeposit } from "./sealing.ts";

function openAll(deposit: PreparedDeposit, side: Side): OpenedChunk[] {
  return deposit.sealed[side].map((bytes, index) =>
    openChunk(bytes, index, side, deposit.header, boxes[side]),
  );
}

/** A side's records by pseudonym: share per feature. */
function shares(deposit: PreparedDeposit, side: Side): Map<string, Uint8Array> {
  const { features } = deposit.header;
  const stride = rowBytes(features);
  const found = new Map<string, Uint8Array>();
  for (const { records } of openAll(deposit, side))
    for (let at = 0; at < records.length; at += stride) {
      const packed = records.subarray(at + SHARES_AT, at + stride);
      const name = Buffer.from(records.subarray(at, at + 32)).toString("hex");
      found.set(name, unpackNibbles(packed, features));
    }
  return found;
}

describe("a prepared deposit", () => {
  test("opens at both bureaus, and the halves add up to the bins", () => {
    const records = fc.integer({ min: 1, max: 40 });
    const features = fc.integer({ min: 1, max: 64 });
    fc.assert(
      fc.property(records, features, fc.string(), (count, m, seed) => {
        const rng = seededRng(seed);
        const given = content(rng, count, m);
        const deposit = prepare(given, rng);
        const [a, b] = [shares(deposit, "a"), shares(deposit, "b")];
        expect(a.size).toBe(count);
        for (const [row, name] of given.pseudonyms.entries()) {
          const key = Buffer.from(name).toString("hex");
          const bins = joinBins(a.get(key) as Uint8Array, b.get(key) as Uint8Array);
          expect(bins).toEqual(given.bins.subarray(row * m, (row + 1) * m));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("is cut in chunks of 1024, with pseudonyms rising through all of them", () => {
    const rng = seededRng("chunks");
    const deposit = prepare(content(rng, 2 * CHUNK_RECORDS + 5, 3), rng);
    const stride = rowBytes(3);
    const opened = openAll(deposit, "b");
    expect(opened.map(({ records }) => records.length / stride)).toEqual([1024, 1024, 5]);
    const all = Buffer.concat(opened.map(({ records }) => records));
    for (let at = stride; at < all.length; at += stride)
      expect(all.compare(all, at - stride, at - stride + 32, at, at + 32)).toBe(1);
  });

  test("seals to the sizes that the README states", () => {
    const rng = seededRng("sizes");
    const deposit = prepare(content(rng, 1030, 5), rng);
    const sizes = [1024, 6].map((n) => 32 + n * (34 + 3) + SEALED_OVERHEAD_BYTES);
    expect(deposit.sealed.a.map(({ length }) => length)).toEqual(sizes);
  });

  test("splits and salts afresh each time", () => {
    const given = content(seededRng("content"), 50, 8);
    const [first, second] = ["one", "two"].map((seed) => prepare(given, seededRng(seed)));
    const all = (deposit: PreparedDeposit | undefined, side: Side): Buffer =>
      Buffer.concat([...shares(deposit as PreparedDeposit, side).values()]);
    for (const side of ["a", "b"] as const) expect(all(first, side)).not.toEqual(all(second, side));
    expect(first?.header.rootA).not.toEqual(second?.header.rootA);
    expect(first?.header.rootB).not.toEqual(second?.header.rootB);
  });

  test.each([1, 2, 3, 1023, 1024, 1025, 2047, 2048, 3100])(
    "of %i records has the RFC 6962 root over all leaves as root over its chunks' roots",
    (count) => {
      const rng = seededRng(`root of ${count}`);
      const deposit = prepare(content(rng, count, 1), rng);
      for (const side of ["a", "b"] as const) {
        const opened = openAll(deposit, side);
        const leaves = opened.flatMap(({ saltSeed, records }) =>
          chunkLeaves(saltSeed, records, rowBytes(1)),
        );
        expect(leaves.length).toBe(count);
        expect(merkleRoot(opened.map(({ root }) => root))).toEqual(merkleRoot(leaves));
        expect(rootOn(side, deposit.header)).toEqual(merkleRoot(leaves));
      }
    },
  );

  test("refuses people named twice, too many features, and rows that do not fit", () => {
    const rng = seededRng("refused");
    const [one, two] = pseudonyms(rng, 2) as [Element, Element];
    const bins = new Uint8Array(2);
    const refused: readonly [Parameters<typeof prepare>[0], RegExp][] = [
      [{ pseudonyms: [one, one], bins, features: 1 }, /twice/],
      [{ pseudonyms: [one, two], bins, features: 2 }, /bins/],
      [{ pseudonyms: [one], bins: new Uint8Array(65), features: 65 }, /features/],
      [{ pseudonyms: [one, two], bins: Uint8Array.of(3, 16), features: 1 }, /bin 1/],
    ];
    for (const [given, problem] of refused) expect(() => prepare(given, rng)).toThrow(problem);
  });

  test("leaves its own header verifiable and readable", () => {
    const deposit = prepare(content(seededRng("header"), 3, 2), seededRng("header"));
    expect(parseHeader(deposit.bytes)).toEqual(deposit.header);
    expect(chunkCount(deposit.header)).toBe(1);
    expect(verifyHeader(deposit, platformKey.verifyingKey)).toBe(true);
    const changed = Uint8Array.from(deposit.bytes);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    expect(verifyHeader({ ...deposit, bytes: changed }, platformKey.verifyingKey)).toBe(false);
  });
});

describe("a chunk does not open", () => {
  const deposit = prepare(content(seededRng("tamper"), 1030, 3), seededRng("tamper"));
  const [sealed, second] = deposit.sealed.a as [Uint8Array, Uint8Array];

  test("with any bit changed", () => {
    const bit = fc.integer({ min: 0, max: 8 * sealed.length - 1 });
    fc.assert(
      fc.property(bit, (at) => {
        const changed = Uint8Array.from(sealed);
        changed[at >> 3] = (changed[at >> 3] as number) ^ (1 << (at & 7));
        expect(() => openChunk(changed, 0, "a", deposit.header, boxes.a)).toThrow(SealError);
      }),
      { numRuns: 40 },
    );
  });

  test("at another place, side, bureau or deposit", () => {
    const other = prepare(content(seededRng("tamper"), 1030, 3), seededRng("other"), {
      version: 2,
    });
    expect(() => openChunk(second, 0, "a", deposit.header, boxes.a)).toThrow(SealError);
    expect(() => openChunk(sealed, 0, "b", deposit.header, boxes.a)).toThrow(SealError);
    expect(() => openChunk(sealed, 0, "a", deposit.header, boxes.b)).toThrow(SealError);
    expect(() => openChunk(sealed, 0, "a", other.header, boxes.a)).toThrow(SealError);
    expect(() => openChunk(sealed.subarray(1), 0, "a", deposit.header, boxes.a)).toThrow(SealError);
  });
});

describe("a chunk that its platform sealed wrongly is refused", () => {
  const rng = seededRng("hostile platform");
  const given = prepare(content(rng, 4, 3), rng);
  const [honest] = openAll(given, "a") as [OpenedChunk];
  const stride = rowBytes(3);

  function openForged(records: Uint8Array): OpenedChunk {
    const plain = Buffer.concat([honest.saltSeed, records]);
    const forged = seal(boxes.a.publicKey, chunkContext(given.header, "a", 0), plain, rng);
    return openChunk(forged, 0, "a", given.header, boxes.a);
  }

  test("but not an honest one", () => {
    expect(openForged(honest.records).root).toEqual(honest.root);
  });

  const swapped = Buffer.concat([
    honest.records.subarray(stride, 2 * stride),
    honest.records.subarray(0, stride),
    honest.records.subarray(2 * stride),
  ]);
  const repeated = Buffer.concat([
    honest.records.subarray(0, stride),
    honest.records.subarray(0, stride),
    honest.records.subarray(2 * stride),
  ]);
  const spare = Uint8Array.from(honest.records);
  spare[stride - 1] = 0x10;
  test.each([
    ["out of order", swapped, /out of order/],
    ["naming a person twice", repeated, /repeated/],
    ["with bits outside the features", spare, /outside/],
    ["one record short", honest.records.subarray(stride), /length/],
    ["one byte long", Buffer.concat([honest.records, Buffer.of(0)]), /length/],
    ["without records", new Uint8Array(), /length/],
  ] as const)("%s", (_, records, problem) => {
    expect(() => openForged(records)).toThrow(ChunkError);
    expect(() => openForged(records)).toThrow(problem);
  });

  test("and a root that is not the announced one shows", () => {
    const other = Uint8Array.from(honest.records);
    other[32] = (other[32] as number) ^ 1;
    expect(openForged(other).root).not.toEqual(rootOn("a", given.header));
  });
});

test("a header is refused when it is not what a platform can mean", () => {
  const given = content(seededRng("header"), 1, 1);
  expect(() => prepare(given, seededRng("header"), { platform: "Éa" })).toThrow(/platform/);
  expect(() => prepare(given, seededRng("header"), { version: 2 ** 32 })).toThrow(/version/);
  for (const bytes of [new Uint8Array(), Uint8Array.of(0x80), Buffer.from("ffff", "hex")])
    expect(() => parseHeader(bytes)).toThrow();
});
