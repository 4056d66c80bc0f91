import { leafHash, verifyConsistency, verifyInclusion } from "@moiety/crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LedgerError } from "./ledger-error.ts";
import { formatNote, parseNote, signText } from "./note.ts";
import { encodePromise, parsePromise } from "./promise.ts";
import { formatReceipt, parseReceipt, verifyReceipt } from "./receipt.ts";
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

function accepts(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

it("a receipt is a C2SP tlog-proof, and comes apart again", () => {
  expect(Buffer.from(receipt).toString()).toMatch(
    /^c2sp\.org\/tlog-proof@v1\nextra \S+\nindex 2\n/,
  );
  expect(parseReceipt(receipt)).toEqual({ entry: view.entries[2], index: 2, proof, note });
  expect(verifyReceipt(receipt, a.log, witnesses).entry.seq).toBe(2);
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
