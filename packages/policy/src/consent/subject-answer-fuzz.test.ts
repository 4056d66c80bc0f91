/** What comes to a person in place of a bureau's answer, and to a bureau in place of a request. */
import { SealError, sealedKeyPair } from "@moiety/crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { refusal } from "../testing/fuzz.ts";
import { byteMutants, foreignBytes, jsonText, valueMutants } from "../testing/mutants.ts";
import { type DeskAnswer, parseDeskAnswer } from "./subject-answer.ts";
import { openRequest, sealRequest } from "./subject-envelope.ts";
import { keys, rng } from "./testing/world.ts";

const ANSWER: DeskAnswer = {
  problem: "",
  account: {
    asked: [
      {
        at: "2026-03-01T12:00:00Z",
        bank: "village-bank",
        purpose: "lending",
        consent: "01".repeat(32),
        inquiry: "02".repeat(16),
        outcome: "delivered",
        receipts: ["AAAA", "AQID"],
      },
    ],
    refused: [
      {
        bank: "village-bank",
        purpose: "lending",
        consent: "01".repeat(32),
        code: "consent-used-up",
        times: 3,
        first: "2026-03-01T12:00:00Z",
        last: "2026-03-02T12:00:00Z",
      },
    ],
    disputes: [
      {
        id: "04".repeat(16),
        against: "village-bank",
        inquiry: "02".repeat(16),
        reason: "not-agreed",
        openedAt: "2026-03-03T12:00:00Z",
        due: "2026-04-02T12:00:00Z",
        state: "overdue",
      },
    ],
    next: "03".repeat(16),
  },
};
const bytesOf = (value: unknown): Uint8Array => Buffer.from(jsonText(value));

it("10,000 answers: a DocumentError, or exactly what the JSON says", () => {
  const answers = fc.oneof(
    foreignBytes("problem"),
    byteMutants(bytesOf(ANSWER)),
    valueMutants(ANSWER).map(bytesOf),
  );
  const property = fc.property(answers, (bytes) => {
    let read: unknown;
    const problem = refusal(() => {
      read = parseDeskAnswer(bytes, "north-bureau");
    });
    if (problem === "") expect(read).toEqual(JSON.parse(new TextDecoder().decode(bytes)));
  });
  fc.assert(property, { numRuns: 10_000 });
});

it("changed envelopes, either way, are a SealError", () => {
  const box = sealedKeyPair(rng);
  const address = { network: "river-valley", bureau: "north-bureau", kind: "account" } as const;
  const sealed = sealRequest(address, Buffer.from("{}"), box.publicKey, rng);
  const { bytes } = sealed;
  const request = openRequest(address, bytes, box);
  const answer = request.sealAnswer(Buffer.from("{}"), keys.bureau, rng);
  const property = fc.property(byteMutants(bytes), byteMutants(answer), (asked, answered) => {
    expect(() => openRequest(address, asked, box)).toThrow(SealError);
    expect(() => sealed.openAnswer(answered, keys.bureau.verifyingKey)).toThrow(SealError);
  });
  fc.assert(property, { numRuns: 1000 });
});
