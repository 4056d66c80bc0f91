/** What persons ask bureaus, and how it travels. */
import { SealError, sealedKeyPair } from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import { describe, expect, it } from "vitest";
import { MAX_DESK_REQUEST_BYTES, openRequest, sealRequest } from "./subject-envelope.ts";
import { openSubjectRequest, REQUEST_LIFE_MS, signSubjectRequest } from "./subject-request.ts";
import { keys, NOW, rng } from "./testing/world.ts";

const TO = { network: "river-valley", bureau: "north-bureau" } as const;
const ask = { kind: "account" } as const;
const made = signSubjectRequest({ ...TO, ask }, keys.alice, rng, NOW);
const opened = (bytes: Uint8Array, now = NOW) => openSubjectRequest(bytes, TO, now);

describe("a person's request", () => {
  it("is read as it was signed, each with a nonce of its own", () => {
    const again = signSubjectRequest({ ...TO, ask }, keys.alice, rng, NOW);
    const [one, other] = [opened(made), opened(again)];
    expect(one).toMatchObject({ ...TO, ask, requestedAt: "2026-03-01T12:00:00Z" });
    expect(one.nonce).not.toBe(other.nonce);
  });

  it("counts at the bureau that it names, and near the moment that it names", () => {
    for (const changed of [{ network: "other-net" }, { bureau: "south-bureau" }])
      expect(() => openSubjectRequest(made, { ...TO, ...changed }, NOW)).toThrow(DocumentError);
    for (const sign of [-1, 1]) {
      opened(made, NOW + sign * REQUEST_LIFE_MS);
      expect(() => opened(made, NOW + sign * (REQUEST_LIFE_MS + 1))).toThrow("set the clock");
    }
  });

  it("is nobody else's: no field can be changed, and no other key signs for this one", () => {
    const text = Buffer.from(made).toString();
    const mallory = signSubjectRequest({ ...TO, ask }, keys.mallory, rng, NOW);
    const signature = /"signature": "[0-9a-f]+"/;
    const theirs = signature.exec(Buffer.from(mallory).toString())![0];
    for (const forged of [
      text.replace(signature, theirs),
      text.replace(/"nonce": "../, '"nonce": "00'),
      text.replace("12:00:00Z", "12:00:01Z"),
      text.replace('"account"', '"accounts"'),
      `${text} `,
    ])
      expect(() => opened(Buffer.from(forged))).toThrow(DocumentError);
  });

  it("is not read when it is longer than any is", () => {
    expect(() => opened(Buffer.alloc(5000, 32))).toThrow("longer than");
  });
});

describe("its envelope", () => {
  const box = sealedKeyPair(rng);
  const address = { ...TO, kind: "account" } as const;
  const sealed = sealRequest(address, made, box.publicKey, rng);

  it("opens at one desk, and its answer for who asked", () => {
    const request = openRequest(address, sealed.bytes, box);
    expect(request.document).toEqual(made);
    const answer = request.sealAnswer(Buffer.from("{}"), keys.bureau, rng);
    expect(sealed.openAnswer(answer, keys.bureau.verifyingKey)).toEqual(
      new Uint8Array(Buffer.from("{}")),
    );
    const other = sealRequest(address, made, box.publicKey, rng);
    expect(() => other.openAnswer(answer, keys.bureau.verifyingKey)).toThrow(SealError);
    expect(() => sealed.openAnswer(answer, keys.mallory.verifyingKey)).toThrow(SealError);
  });

  it("opens at no other desk, for nothing else, and not when it is too long", () => {
    for (const changed of [{ network: "n" }, { bureau: "b" }, { kind: "revocation" } as const])
      expect(() => openRequest({ ...address, ...changed }, sealed.bytes, box)).toThrow(SealError);
    const long = sealRequest(address, Buffer.alloc(MAX_DESK_REQUEST_BYTES), box.publicKey, rng);
    expect(() => openRequest(address, long.bytes, box)).toThrow(SealError);
    expect(() => openRequest(address, sealed.bytes, sealedKeyPair(rng))).toThrow(SealError);
    expect(() => openRequest(address, new Uint8Array(), box)).toThrow(SealError);
  });
});
