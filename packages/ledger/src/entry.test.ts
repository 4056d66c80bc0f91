import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commitment, type Draft, encodeEntry, parseEntry } from "./entry.ts";
import { ENTRY_KINDS } from "./entry-kinds.ts";
import { LedgerError } from "./ledger-error.ts";
import { HEARTBEAT, intentDraft } from "./testing/drafts.ts";

const id = new Uint8Array(16).fill(1);
const hash = new Uint8Array(32).fill(2);
const sig = new Uint8Array(64).fill(3);
const intent = intentDraft("x");
const peerPromise = { origin: "net/b", index: 7, leafHash: hash, at: 5, by: 65, signature: sig };
const party = { party: "telecom", amount: 30 };
const EXAMPLES: readonly Draft[] = [
  intent,
  { kind: "batch", body: { ...intent.body, people: 200, root: hash } },
  {
    kind: "result",
    body: {
      inquiry: id,
      intent: 7,
      outcome: "delivered",
      code: "ok",
      computed: [{ transcript: hash, peerSignature: sig, peerPromise }],
    },
  },
  { kind: "deposit", body: { header: id, signature: sig } },
  { kind: "attested", body: { attestation: hash, registrar: "telecom", expiresAt: 9 } },
  {
    kind: "consent-registered",
    body: {
      consent: hash,
      attestation: hash,
      registrar: "telecom",
      bank: "bank",
      purpose: "collections",
      expiresAt: 9,
    },
  },
  { kind: "consent-revoked", body: { statement: hash } },
  { kind: "dispute-opened", body: { dispute: hash, party: "telecom", due: 9 } },
  {
    kind: "dispute-closed",
    body: { dispute: hash, party: "telecom", statement: hash, outcome: "corrected" },
  },
  { kind: "dispute-overdue", body: { dispute: hash, party: "telecom" } },
  {
    kind: "model-certified",
    body: { certificate: hash, serial: 1, bank: "bank", model: "m", version: 1, expiresAt: 9 },
  },
  {
    kind: "model-withdrawn",
    body: { certificate: hash, bank: "bank", model: "m", version: 1, withdrawnAt: 9 },
  },
  {
    kind: "fee",
    body: {
      inquiry: id,
      bank: "bank",
      asOf: 1_799_999_999,
      output: "score",
      purpose: "collections",
      currency: "EUR",
      amount: 50,
      parts: [party, { party: "a", amount: 20 }],
    },
  },
  { kind: "roster", body: { version: 3, digest: hash } },
  HEARTBEAT,
];

const encoded = EXAMPLES.map((draft, seq) => encodeEntry({ ...draft, seq, at: 1_800_000_000 }));

it("every kind has an example here, and comes back as it was", () => {
  expect(EXAMPLES.map(({ kind }) => kind)).toEqual(ENTRY_KINDS);
  for (const [seq, bytes] of encoded.entries())
    expect(parseEntry(bytes)).toEqual({ ...EXAMPLES[seq], seq, at: 1_800_000_000 });
});

it("has one form: its bytes are pinned, for old logs must stay readable", () => {
  const entry = encodeEntry({ ...HEARTBEAT, seq: 258, at: 1_800_000_000 });
  expect(Buffer.from(entry).toString("hex")).toBe(
    "85a17601a46b696e64a9686561727462656174a3736571c4080000000000000102a26174c4046b49d200a4626f647980",
  );
});

describe("refuses", () => {
  it("fees whose parts do not add up, and intents about several", () => {
    const fee = EXAMPLES.find((each) => each.kind === "fee")!;
    const wrong = { ...fee, body: { ...fee.body, amount: 51 } };
    expect(() => encodeEntry({ ...wrong, seq: 0, at: 0 })).toThrow("add up");
    const two = { ...intent, body: { ...intent.body, people: 2 } };
    expect(() => encodeEntry({ ...two, seq: 0, at: 0 })).toThrow("batch");
  });

  it("10,000 edits: a typed error, or another entry in its own one form", () => {
    const edit = fc.record({
      which: fc.nat(encoded.length - 1),
      at: fc.nat(400),
      cut: fc.nat(3),
      put: fc.uint8Array({ maxLength: 3 }),
    });
    fc.assert(
      fc.property(edit, ({ which, at, cut, put }) => {
        const bytes = encoded[which]!;
        const place = at % bytes.length;
        const rest = bytes.subarray(place + cut);
        const edited = new Uint8Array(Buffer.concat([bytes.subarray(0, place), put, rest]));
        try {
          expect(encodeEntry(parseEntry(edited))).toEqual(edited);
        } catch (error) {
          if (!(error instanceof LedgerError)) throw error;
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

it("a commitment depends on its salt and on what it is said to be", () => {
  const data = Buffer.from("consent 17");
  expect(commitment("consent", hash, data)).not.toEqual(commitment("revocation", hash, data));
  expect(commitment("consent", hash, data)).not.toEqual(
    commitment("consent", new Uint8Array(32), data),
  );
  expect(() => commitment("consent", id, data)).toThrow(RangeError);
});
