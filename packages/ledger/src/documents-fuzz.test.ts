/** What comes in place of a log's checkpoint, promise, receipt or evidence, 10,000 cases each. */
import { sign } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "./checkpoint.ts";
import type { Keyring } from "./claim.ts";
import { brokenPromise } from "./detect.ts";
import { entryHash } from "./entry.ts";
import { encodeEvidence } from "./evidence.ts";
import { formatNote, parseNote, signText } from "./note.ts";
import {
  encodePromise,
  openPromised,
  PROMISE_CONTEXT,
  parsePromise,
  promiseBytes,
} from "./promise.ts";
import { formatReceipt, verifyReceipt } from "./receipt.ts";
import { accepts } from "./testing/accepts.ts";
import { intentDraft } from "./testing/drafts.ts";
import { edits } from "./testing/edits.ts";
import { historyOf } from "./testing/history.ts";
import { testParty } from "./testing/keys.ts";
import { proveInclusion } from "./tree.ts";
import { verifyEvidence } from "./verdict.ts";

const a = testParty("a");
const b = testParty("b");
const witnesses = [b.cosigner.public];
const drafted = (names: readonly string[]) =>
  historyOf(
    a,
    names.map((name) => [intentDraft(name), 1000]),
  );
const view = drafted(["x", "y", "z"]);
const entry = view.entries[1] as Uint8Array;
const { text, signatures } = parseNote(view.note);
const note = formatNote({ text, signatures: [...signatures, signText(text, b.cosigner, 1001)] });
const receipt = formatReceipt({ entry, index: 1, proof: proveInclusion(view.tiles, 3, 1), note });
const statement = {
  origin: a.log.origin,
  index: 1,
  leafHash: entryHash(entry),
  at: 1000,
  by: 1060,
};
const signature = sign(a.key, PROMISE_CONTEXT, promiseBytes(statement));
const promise = encodePromise({ ...statement, signature });
const broken = brokenPromise(parsePromise(promise), drafted(["x", "u", "z"]));
const keyring: Keyring = {
  logs: [{ party: "a", ...a.log }],
  witnesses: [{ party: "b", key: b.cosigner.public }],
  platforms: new Map(),
};

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "binary" }).map((some) => new Uint8Array(Buffer.from(some))),
);

describe.each<[string, Uint8Array, (bytes: Uint8Array) => unknown]>([
  ["checkpoint", note, (bytes) => openCheckpoint(bytes, a.log, witnesses).text],
  ["promise", promise, (bytes) => openPromised(parsePromise(bytes), entry, a.log)],
  ["promised entry", entry, (bytes) => openPromised(parsePromise(promise), bytes, a.log)],
  ["receipt", receipt, (bytes) => verifyReceipt(bytes, a.log, witnesses).entry],
  [
    "evidence",
    encodeEvidence(broken as NonNullable<typeof broken>),
    (bytes) => verifyEvidence(bytes, keyring).culprit,
  ],
])("in place of a %s", (_, right, open) => {
  const said = open(right);

  it("2,000 times noise: a typed error", () => {
    const property = fc.property(noise, (bytes) => {
      expect(accepts(() => open(bytes))).toBe(false);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it("8,000 times the same, changed: a typed error, or it says the same", () => {
    const property = fc.property(edits(right), (bytes) => {
      let read: unknown = said;
      accepts(() => {
        read = open(bytes);
      });
      expect(read).toEqual(said);
    });
    fc.assert(property, { numRuns: 8000 });
  });
});

it("a promise or its entry that is changed at all is refused", () => {
  const changed = fc.record({ promise: edits(promise), entry: edits(entry) });
  const property = fc.property(changed, (other) => {
    expect(accepts(() => openPromised(parsePromise(other.promise), entry, a.log))).toBe(false);
    expect(accepts(() => openPromised(parsePromise(promise), other.entry, a.log))).toBe(false);
  });
  fc.assert(property, { numRuns: 3000 });
});
