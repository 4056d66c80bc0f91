import { leafHash, sign, verifyConsistency, verifyInclusion } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryHash } from "./entry.ts";
import { formatNote, parseNote, signText } from "./note.ts";
import {
  checkTimely,
  encodePromise,
  openPromised,
  PROMISE_CONTEXT,
  parsePromise,
  promiseBytes,
} from "./promise.ts";
import type { PromiseStatement } from "./promise-codec.ts";
import { formatReceipt, isReceipt, parseReceipt, verifyReceipt } from "./receipt.ts";
import { accepts } from "./testing/accepts.ts";
import { intentDraft } from "./testing/drafts.ts";
import { historyOf } from "./testing/history.ts";
import { testParty } from "./testing/keys.ts";
import { memoryTiles } from "./testing/memory-tiles.ts";
import { proveConsistency, proveInclusion, rootAt } from "./tree.ts";

const a = testParty("a");
const b = testParty("b");
const view = historyOf(
  a,
  ["x", "y", "z", "u", "v"].map((name) => [intentDraft(name), 1000]),
);
const { text, signatures } = parseNote(view.note);
const note = formatNote({ text, signatures: [...signatures, signText(text, b.cosigner, 1001)] });
const proof = proveInclusion(view.tiles, 5, 2);
const receipt = formatReceipt({ entry: view.entries[2]!, index: 2, proof, note });
const witnesses = [b.cosigner.public];

const edit = (length: number) =>
  fc.record({
    at: fc.nat(length - 1),
    cut: fc.nat(3),
    put: fc.uint8Array({ maxLength: 3 }),
  });
const edited = (
  bytes: Uint8Array,
  { at, cut, put }: { at: number; cut: number; put: Uint8Array },
) => new Uint8Array(Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]));

it("a receipt is a C2SP tlog-proof, and comes apart again", () => {
  expect(Buffer.from(receipt).toString()).toMatch(
    /^c2sp\.org\/tlog-proof@v1\nextra \S+\nindex 2\n/,
  );
  expect(parseReceipt(receipt)).toEqual({ entry: view.entries[2], index: 2, proof, note });
  expect(verifyReceipt(receipt, a.log, witnesses).entry.seq).toBe(2);
});

it("is told from other files by its first line", () => {
  expect(isReceipt(receipt)).toBe(true);
  for (const other of [note, receipt.subarray(1), receipt.subarray(0, 9), new Uint8Array()])
    expect(isReceipt(other)).toBe(false);
});

it("a cosigner with the same name and id, but another key, is another cosigner", () => {
  const twin = { ...b.cosigner.public, key: a.key.verifyingKey };
  expect(() => verifyReceipt(receipt, a.log, [twin, ...witnesses])).toThrow("not cosigned by");
});

it("a promise for a time that nobody can wait for is none", () => {
  const said = { origin: a.log.origin, index: 2, leafHash: new Uint8Array(32) };
  const at = (time: number, by = time + 60): void =>
    checkTimely({ ...said, at: time, by, signature: new Uint8Array(64) }, 1000);
  expect(accepts(() => at(1000))).toBe(true);
  expect(accepts(() => at(1000 + 86_400))).toBe(true);
  for (const wrong of [() => at(1001 + 86_400), () => at(2 ** 32 - 61), () => at(1000, 9999)])
    expect(accepts(wrong)).toBe(false);
});

describe("a promise with the entry that came with it", () => {
  const entry = view.entries[2]!;
  const promised = (change: Partial<PromiseStatement> = {}) => {
    const origin = a.log.origin;
    const right = { origin, index: 2, leafHash: entryHash(entry), at: 1000, by: 1060 };
    const statement = { ...right, ...change };
    const signature = sign(a.key, PROMISE_CONTEXT, promiseBytes(statement));
    return { ...statement, signature };
  };

  it("is opened when they hold together", () => {
    expect(openPromised(promised(), entry, a.log)).toMatchObject({ ...intentDraft("z"), seq: 2 });
  });

  it.each([
    ["another entry", promised(), view.entries[3]!, "of another entry"],
    ["another number", promised({ index: 3 }), entry, "entry 2 is promised as entry 3"],
    ["another time", promised({ at: 999 }), entry, "another time"],
    ["another log", promised({ origin: b.log.origin }), entry, "of net/b"],
    ["no signature", { ...promised(), signature: new Uint8Array(64) }, entry, "not signed"],
  ])("is refused with %s", (_, promise, bytes, why) => {
    expect(() => openPromised(promise, bytes, a.log)).toThrow(why);
  });
});

it("10,000 edits of a receipt: a typed error, and never another entry", () => {
  fc.assert(
    fc.property(edit(receipt.length), (change) => {
      const changed = edited(receipt, change);
      if (accepts(() => verifyReceipt(changed, a.log, witnesses)))
        expect(parseReceipt(changed)).toMatchObject({ entry: view.entries[2], index: 2, proof });
    }),
    { numRuns: 10_000 },
  );
});

it("10,000 edits of a promise: a typed error, or another promise in its own one form", () => {
  const statement = { origin: "net/a", index: 2, leafHash: leafHash(receipt), at: 1, by: 61 };
  const promise = encodePromise({ ...statement, signature: new Uint8Array(64) });
  fc.assert(
    fc.property(edit(promise.length), (change) => {
      const changed = edited(promise, change);
      if (accepts(() => parsePromise(changed)))
        expect(encodePromise(parsePromise(changed))).toEqual(changed);
    }),
    { numRuns: 10_000 },
  );
});

it("10,000 changed proofs: none is accepted", () => {
  const leaves = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(String(i))));
  const tiles = memoryTiles(leaves);
  const inclusion = proveInclusion(tiles, 300, 77);
  const consistency = proveConsistency(tiles, 150, 300);
  const [firstRoot, secondRoot] = [rootAt(tiles, 150), rootAt(tiles, 300)];
  const included = { leafHash: leaves[77]!, index: 77, size: 300, root: secondRoot };
  const consistent = { firstSize: 150, firstRoot, secondSize: 300, secondRoot };
  expect(verifyInclusion(included, inclusion)).toBe(true);
  expect(verifyConsistency(consistent, consistency)).toBe(true);
  const change = fc.record({
    at: fc.nat(8),
    bit: fc.nat(255),
    how: fc.nat(3),
    inclusion: fc.boolean(),
  });
  fc.assert(
    fc.property(change, ({ at, bit, how, inclusion: first }) => {
      const hashes = [...(first ? inclusion : consistency)];
      const place = at % hashes.length;
      const hash = new Uint8Array(hashes[place]!);
      hash[bit >> 3] = hash[bit >> 3]! ^ (1 << (bit & 7));
      if (how === 0) hashes[place] = hash;
      else if (how === 1) hashes.splice(place, 1);
      else if (how === 2) hashes.splice(place, 0, hash);
      else hashes[place] = hash.subarray(1);
      const verified = first
        ? verifyInclusion(included, hashes)
        : verifyConsistency(consistent, hashes);
      expect(verified).toBe(false);
    }),
    { numRuns: 10_000 },
  );
});
