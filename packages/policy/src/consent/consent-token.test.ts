import { readFileSync } from "node:fs";
import { SigningKey, sign } from "@moiety/crypto";
import { canonicalJson, DocumentError, readableJson } from "@moiety/model";
import fc from "fast-check";
import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK } from "jose";
import { describe, expect, it } from "vitest";
import { problemsOf } from "../testing/problems.ts";
import { type Consent, consentId, consentSchema } from "./consent.ts";
import { CONSENT_TYPE, parseConsent, signConsent } from "./consent-token.ts";
import { keyThumbprint, subjectKeyOf } from "./subject.ts";
import { CONSENT, hex, keys, person, rng } from "./testing/world.ts";

const TOKEN = await signConsent(CONSENT, keys.alice);
const [HEADER = "", PAYLOAD = "", SIGNATURE = ""] = TOKEN.split(".");

/** The message of the refusal, or nothing; any error but a `DocumentError` fails the test. */
const refusal = (token: string): string => problemsOf(() => parseConsent(token));

/** A token over any header and payload, rightly signed by Alice. */
async function forged(header: object, payload: Uint8Array): Promise<string> {
  return new CompactSign(payload)
    .setProtectedHeader(header as { alg: string })
    .sign(keys.alice.keyObject, { crit: { b64: true, moiety: true } });
}

const THUMBPRINT = CONSENT.subject.thumbprint;
const RIGHT_HEADER = { alg: "EdDSA", kid: THUMBPRINT, typ: CONSENT_TYPE };

describe("a consent token", () => {
  it("is read as it was signed", () => {
    expect(parseConsent(TOKEN)).toEqual(CONSENT);
    expect(consentId(CONSENT)).toBe(`${THUMBPRINT}.${CONSENT.jti}`);
  });

  it("is what jose verifies, under the thumbprint that jose computes", async () => {
    const { payload, protectedHeader } = await compactVerify(
      TOKEN,
      keys.alice.verifyingKey.keyObject,
      {
        algorithms: ["EdDSA"],
      },
    );
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(CONSENT);
    expect(protectedHeader).toEqual(RIGHT_HEADER);
    const jwk = await exportJWK(keys.alice.verifyingKey.keyObject);
    expect(await calculateJwkThumbprint(jwk)).toBe(THUMBPRINT);
  });

  it("has the thumbprint of RFC 8037, appendix A.3", () => {
    const key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    expect(keyThumbprint(key)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });

  it("golden: is the same string as ever", () => {
    const start = "eyJhbGciOiJFZERTQSIsImtpZCI6I";
    expect(TOKEN.slice(0, start.length)).toBe(start);
    expect(SIGNATURE).toBe(
      "VhKDXzYGmFFOekMa5HztNfy8AHLq14yp9hMeZfMd1oJqlEHMvJJTfyfhy1hSESM_GAHlFrC_gNMKDoNQnvIgBw",
    );
  });

  const altered: [string, Partial<Consent>][] = [
    ["jti", { jti: "ff112233445566778899aabbccddeeff" }],
    ["network", { network: "other-valley" }],
    ["subject", { subject: subjectKeyOf(keys.mallory.verifyingKey) }],
    ["person", { person: person("bob") }],
    ["epoch", { person: { ...CONSENT.person, epoch: 2 } }],
    ["bank", { bank: "city-bank" }],
    ["purpose", { purpose: "collections" }],
    ["scope", { scope: { domains: ["retail", "social", "telecom"] } }],
    ["scope kind", { scope: { categories: ["retail", "telecom"] } }],
    ["outputs", { outputs: ["band", "reasons", "score"] }],
    ["use", { use: { times: 9, per: "1d" } }],
    ["notBefore", { notBefore: "2026-02-01T00:00:00Z" }],
    ["expiresAt", { expiresAt: "2026-04-30T00:00:00Z" }],
    ["dataLife", { dataLife: "900d" }],
  ];
  it.each(altered)("is refused with another %s under the old signature", async (_, change) => {
    const claims = Buffer.from(canonicalJson({ ...CONSENT, ...change })).toString("base64url");
    expect(refusal(`${HEADER}.${claims}.${SIGNATURE}`)).not.toBe("");
    const subject = { ...CONSENT, ...change }.subject.thumbprint;
    const header = Buffer.from(canonicalJson({ ...RIGHT_HEADER, kid: subject }));
    const token = `${header.toString("base64url")}.${claims}.${SIGNATURE}`;
    expect(refusal(token)).toContain("wrong signature");
  });

  const { typ: _typ, ...untyped } = RIGHT_HEADER;
  const { kid: _kid, ...unkeyed } = RIGHT_HEADER;
  it.each([
    ["no typ", untyped],
    ["no kid", unkeyed],
    ["another kid", { ...RIGHT_HEADER, kid: keyThumbprint("00".repeat(32)) }],
    ["typ JWT", { ...RIGHT_HEADER, typ: "JWT" }],
    ["alg Ed25519", { ...RIGHT_HEADER, alg: "Ed25519" }],
    ["a key of its own", { ...RIGHT_HEADER, jwk: { kty: "OKP", crv: "Ed25519", x: "AA" } }],
    ["a URL", { ...RIGHT_HEADER, jku: "https://evil.example/keys" }],
    ["crit", { ...RIGHT_HEADER, crit: ["moiety"], moiety: 1 }],
    ["b64", { ...RIGHT_HEADER, b64: true, crit: ["b64"] }],
    ["another order", { typ: CONSENT_TYPE, kid: THUMBPRINT, alg: "EdDSA" }],
  ])("is refused with a header that has %s, though rightly signed", async (_, header) => {
    const token = await forged(header, canonicalJson(CONSENT));
    expect(refusal(token)).toContain("its header must be exactly");
  });

  it("is refused without a signature, with alg none or a MAC under the public key", async () => {
    const none = Buffer.from(JSON.stringify({ ...RIGHT_HEADER, alg: "none" })).toString(
      "base64url",
    );
    expect(refusal(`${none}.${PAYLOAD}.`)).toContain("not a compact JWS");
    expect(refusal(`${none}.${PAYLOAD}.${SIGNATURE}`)).toContain("its header");
    const mac = await new CompactSign(canonicalJson(CONSENT))
      .setProtectedHeader({ ...RIGHT_HEADER, alg: "HS256" })
      .sign(keys.alice.verifyingKey.bytes);
    expect(refusal(mac)).toContain("its header");
  });

  it("is refused for our own framed signature over the same claims", () => {
    const framed = sign(keys.alice, CONSENT_TYPE, Buffer.from(`${HEADER}.${PAYLOAD}`));
    const token = `${HEADER}.${PAYLOAD}.${Buffer.from(framed).toString("base64url")}`;
    expect(refusal(token)).toContain("wrong signature");
  });

  it.each([
    ["white space", readableJson(CONSENT)],
    [
      "another order",
      Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(CONSENT).reverse()))),
    ],
    [
      "a member twice",
      Buffer.from(new TextDecoder().decode(canonicalJson(CONSENT)).replace("{", '{"bank":"x",')),
    ],
  ])("is refused when its claims are written with %s", async (_, payload) => {
    expect(refusal(await forged(RIGHT_HEADER, payload))).toContain("canonical JSON");
  });

  it.each([
    ["an unknown claim", { ...CONSENT, more: 1 }, "more"],
    ["a list out of order", { ...CONSENT, outputs: ["score", "reasons"] }, "ascending"],
    ["an output twice", { ...CONSENT, outputs: ["score", "score"] }, "ascending"],
    ["reasons alone", { ...CONSENT, outputs: ["reasons"] }, "reasons explain"],
    ["no end", { ...CONSENT, expiresAt: CONSENT.notBefore }, "must be after"],
    ["an hour of another zone", { ...CONSENT, expiresAt: "2026-03-31T00:00:00+08:00" }, "a time"],
    ["both scopes", { ...CONSENT, scope: { domains: ["a"], categories: ["b"] } }, "scope"],
    ["no scope", { ...CONSENT, scope: {} }, "scope"],
    ["an endless frequency", { ...CONSENT, use: { times: 1e9, per: "1d" } }, "use"],
    [
      "another thumbprint",
      { ...CONSENT, subject: { ...CONSENT.subject, thumbprint: keyThumbprint("11") } },
      "thumbprint",
    ],
    [
      "no element",
      { ...CONSENT, person: { pseudonym: "ff".repeat(32), epoch: 1 } },
      "ristretto255",
    ],
    [
      "the identity",
      { ...CONSENT, person: { pseudonym: "00".repeat(32), epoch: 1 } },
      "ristretto255",
    ],
  ])("is refused with %s, though rightly signed", async (_, claims, problem) => {
    expect(refusal(await forged(RIGHT_HEADER, canonicalJson(claims)))).toContain(problem);
    await expect(signConsent(claims as Consent, keys.alice)).rejects.toThrow(problem);
  });

  it("is refused under a key of low order, for which anything verifies, with jose too", async () => {
    const key = `01${"00".repeat(31)}`;
    const claims = { ...CONSENT, subject: { key, thumbprint: keyThumbprint(key) } };
    const header = Buffer.from(canonicalJson({ ...RIGHT_HEADER, kid: keyThumbprint(key) }));
    const payload = Buffer.from(canonicalJson(claims)).toString("base64url");
    const trivial = Buffer.from(`01${"00".repeat(63)}`, "hex").toString("base64url");
    const token = `${header.toString("base64url")}.${payload}.${trivial}`;
    const x = Buffer.from(key, "hex").toString("base64url");
    const jwk = { kty: "OKP", crv: "Ed25519", x };
    await expect(compactVerify(token, jwk)).resolves.toBeDefined();
    expect(refusal(token)).toContain("not an Ed25519 public key");
  });

  it("is not made with somebody else's key", async () => {
    await expect(signConsent(CONSENT, keys.mallory)).rejects.toThrow("not the key that signs");
  });
});

describe("anything else in place of a token", () => {
  it("with any one character replaced by its neighbour is refused", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let at = 0; at < TOKEN.length; at++) {
      const index = alphabet.indexOf(TOKEN[at]!);
      // The last character of a segment has bits that decoding drops: they must be as written.
      for (const other of [alphabet[index ^ 1]!, alphabet[index ^ 2]!]) {
        const mutant = TOKEN.slice(0, at) + other + TOKEN.slice(at + 1);
        expect(refusal(mutant)).not.toBe("");
      }
    }
  });

  it("made from random claims of the right shape is read back, or never made", async () => {
    const random = fc.record({
      jti: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(hex),
      outputs: fc.subarray(["band", "reasons", "score"]),
      use: fc.oneof(fc.constant("once"), fc.record({ times: fc.integer(), per: fc.string() })),
      bank: fc.constantFrom("b", "village-bank", "Bank", "", "a".repeat(41)),
    });
    const key = new SigningKey(rng.bytes(32));
    const subject = subjectKeyOf(key.verifyingKey);
    await fc.assert(
      fc.asyncProperty(random, async (change) => {
        const claims = { ...CONSENT, ...change, subject } as Consent;
        const token = await signConsent(claims, key).catch((error: unknown) => {
          expect(error).toBeInstanceOf(DocumentError);
          return undefined;
        });
        if (token !== undefined) expect(parseConsent(token)).toEqual(claims);
      }),
      { numRuns: 200 },
    );
  });
});

it("has its published schema", () => {
  const file = readFileSync(new URL("../../schemas/consent.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(consentSchema())));
});
