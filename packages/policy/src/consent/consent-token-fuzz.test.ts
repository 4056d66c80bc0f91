/** 10,000 texts in place of a consent token: one kind of error, and none is accepted. */
import { sign as cryptoSign } from "node:crypto";
import type { SigningKey } from "@moiety/crypto";
import { canonicalJson } from "@moiety/model";
import fc from "fast-check";
import { expect, it } from "vitest";
import { refusal } from "../testing/fuzz.ts";
import { byteMutants, valueMutants } from "../testing/mutants.ts";
import { parseConsent, signConsent } from "./consent-token.ts";
import { CONSENT, keys } from "./testing/world.ts";

const TOKEN = await signConsent(CONSENT, keys.alice);
const [HEADER = "", PAYLOAD = "", SIGNATURE = ""] = TOKEN.split(".");

const encoded = (text: string | Uint8Array): string => Buffer.from(text).toString("base64url");
const refused = (token: string): boolean => refusal(() => parseConsent(token)) !== "";
const signed = (header: string, payload: string, key: SigningKey): string => {
  const signature = cryptoSign(null, Buffer.from(`${header}.${payload}`), key.keyObject);
  return `${header}.${payload}.${encoded(signature)}`;
};

it("2,000 that are made of anything are refused", () => {
  const segment = fc.oneof(
    fc.constantFrom(HEADER, PAYLOAD, SIGNATURE, "", "e30", "bnVsbA", "W10"),
    fc.base64String().map((text) => text.replace(/[+/=]/g, "_")),
    fc.json().map(encoded),
    fc.nat(3000).map((depth) => encoded("[".repeat(depth))),
    fc.string({ unit: "binary" }),
  );
  const joined = fc.array(segment, { maxLength: 5 }).map((parts) => parts.join("."));
  const tokens = fc.oneof(joined, fc.string({ unit: "binary", maxLength: 200 }));
  const property = fc.property(tokens, (token) => {
    fc.pre(token !== TOKEN);
    expect(refused(token)).toBe(true);
  });
  fc.assert(property, { numRuns: 2000 });
  expect(refusal(() => parseConsent("a".repeat(1 << 20)))).toContain("longer than");
});

it("4,000 that are a right token with other characters are refused", () => {
  const bytes = byteMutants(Buffer.from(TOKEN)).map((mutant) => Buffer.from(mutant));
  const property = fc.property(bytes, fc.constantFrom("latin1", "utf8"), (mutant, encoding) => {
    expect(refused(mutant.toString(encoding))).toBe(true);
  });
  fc.assert(property, { numRuns: 4000 });
});

it("2,500 that say something else under its signature, or in another form, are refused", () => {
  const property = fc.property(valueMutants(CONSENT), fc.boolean(), (claims, spaced) => {
    const payload = encoded(JSON.stringify(claims, undefined, spaced ? 1 : undefined));
    expect(refused(`${HEADER}.${payload}.${SIGNATURE}`)).toBe(true);
    expect(refused(signed(HEADER, payload, keys.mallory))).toBe(true);
  });
  fc.assert(property, { numRuns: 2500 });
});

it("1,500 claims that the key itself signs are refused, or read as they are said", () => {
  const property = fc.property(valueMutants(CONSENT), (claims) => {
    const token = signed(HEADER, encoded(JSON.stringify(sorted(claims))), keys.alice);
    if (refused(token)) return;
    const payload = encoded(canonicalJson(parseConsent(token)));
    expect(token.split(".")[1]).toBe(payload);
  });
  fc.assert(property, { numRuns: 1500 });
  // So that some of these are accepted: the claims as they are written here are.
  expect(signed(HEADER, encoded(JSON.stringify(sorted(CONSENT))), keys.alice)).toBe(TOKEN);
});

it("1,500 headers that the key itself signs are refused", () => {
  const header: unknown = JSON.parse(Buffer.from(HEADER, "base64url").toString());
  const property = fc.property(valueMutants(header), (mutant) => {
    const text = encoded(JSON.stringify(mutant));
    expect(refused(signed(text, PAYLOAD, keys.alice))).toBe(true);
  });
  fc.assert(property, { numRuns: 1500 });
});

/** Members in canonical order, where there are any; and half characters left as they are. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const members = Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1));
  return Object.fromEntries(members.map(([key, each]) => [key, sorted(each)]));
}
