import type { SigningKey } from "@moiety/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problemsOf } from "../testing/problems.ts";
import {
  type Attestation,
  attestationRefusal,
  openAttestation,
  signAttestation,
} from "./attestation.ts";
import { attestationConflict, mayRevoke } from "./registration.ts";
import { openRevocation, type Revocation, revokes, signRevocation } from "./revocation.ts";
import { subjectKeyOf } from "./subject.ts";
import { ATTESTATION, CONSENT, DAY, keys, NOW, person, ROSTER } from "./testing/world.ts";

const attested = (change: Partial<Attestation> = {}, key: SigningKey = keys.platform) =>
  signAttestation({ ...ATTESTATION, ...change }, key);
const FILE = attested();

const REVOCATION: Revocation = {
  network: "river-valley",
  subject: CONSENT.subject,
  jti: CONSENT.jti,
  revokedAt: "2026-03-01T11:59:00Z",
};
const { jti: _, ...WHOLE_KEY } = REVOCATION;

describe("an attestation", () => {
  it("is read as it was signed, by a platform or a bank", () => {
    expect(openAttestation(FILE, ROSTER, NOW)).toEqual(ATTESTATION);
    const byBank = attested({ registrar: "city-bank" }, keys.otherBank);
    expect(openAttestation(byBank, ROSTER, NOW).registrar).toBe("city-bank");
  });

  it.each([
    ["by another than it names", {}, keys.mallory, "wrong signature"],
    ["by a bureau", { registrar: "north-bureau" }, keys.bureau, "no platform or bank"],
    ["by the supervisor", { registrar: "credit-watch" }, keys.supervisor, "no platform or bank"],
    ["by nobody", { registrar: "nobody" }, keys.mallory, "no platform or bank"],
    ["for another network", { network: "other-valley" }, keys.platform, "network other-valley"],
    ["when it has expired", { expiresAt: "2026-03-01T12:00:00Z" }, keys.platform, "expired"],
    ["before its time", { issuedAt: "2026-03-02T00:00:00Z" }, keys.platform, "not valid before"],
  ] as [string, Partial<Attestation>, SigningKey, string][])(
    "is refused %s",
    (_, change, key, problem) => {
      expect(problemsOf(() => openAttestation(attested(change, key), ROSTER, NOW))).toContain(
        problem,
      );
    },
  );

  it("of something that is no key or no pseudonym is never signed", () => {
    const thumbprint = CONSENT.subject.thumbprint;
    const wrongs: Partial<Attestation>[] = [
      { subject: { key: subjectKeyOf(keys.mallory.verifyingKey).key, thumbprint } },
      { person: { pseudonym: "ff".repeat(32), epoch: 1 } },
      { expiresAt: ATTESTATION.issuedAt },
    ];
    for (const wrong of wrongs) expect(problemsOf(() => attested(wrong))).not.toBe("");
  });

  it("makes a consent the person's own, unless the bank that asks gave it", () => {
    const code = (attestation: Attestation | undefined, bank = "village-bank", now = NOW) =>
      attestationRefusal(attestation, { ...CONSENT, bank }, now)?.code;
    expect(code(ATTESTATION)).toBeUndefined();
    expect(code(undefined)).toBe("subject-unknown");
    expect(code({ ...ATTESTATION, person: person("bob") })).toBe("subject-unknown");
    const mallory = subjectKeyOf(keys.mallory.verifyingKey);
    expect(code({ ...ATTESTATION, subject: mallory })).toBe("subject-unknown");
    const own = { ...ATTESTATION, registrar: "village-bank" };
    expect(code(own)).toBe("subject-own-registrar");
    expect(code(own, "city-bank")).toBeUndefined();
    expect(code(ATTESTATION, "village-bank", NOW + 400 * DAY)).toBe("subject-lapsed");
  });
});

describe("one active key per person", () => {
  const second = { ...ATTESTATION, subject: subjectKeyOf(keys.mallory.verifyingKey) };
  const conflict = (registered: Attestation[], revocations: Revocation[], now = NOW) =>
    attestationConflict(second, registered, revocations, now)?.code;

  it("refuses a second key until the first is revoked or has expired", () => {
    expect(conflict([], [])).toBeUndefined();
    expect(conflict([ATTESTATION], [])).toBe("subject-other-key");
    expect(conflict([ATTESTATION], [REVOCATION])).toBe("subject-other-key");
    expect(conflict([ATTESTATION], [WHOLE_KEY])).toBeUndefined();
    expect(conflict([ATTESTATION], [], Date.parse(ATTESTATION.expiresAt))).toBeUndefined();
  });

  it("lets the same key be attested again, but not a revoked one", () => {
    expect(attestationConflict(ATTESTATION, [ATTESTATION], [], NOW)).toBeUndefined();
    const code = attestationConflict(ATTESTATION, [ATTESTATION], [WHOLE_KEY], NOW)?.code;
    expect(code).toBe("subject-revoked");
  });

  it("does not concern other people", () => {
    expect(conflict([{ ...ATTESTATION, person: person("bob") }], [])).toBeUndefined();
  });
});

describe("a revocation", () => {
  it("takes back one consent, or all of the key's", () => {
    const one = openRevocation(signRevocation(REVOCATION, keys.alice), ROSTER);
    const all = openRevocation(signRevocation(WHOLE_KEY, keys.alice), ROSTER);
    const other = { ...CONSENT, jti: "ff".repeat(16) };
    expect([revokes(one, CONSENT), revokes(one, other)]).toEqual([true, false]);
    expect([revokes(all, CONSENT), revokes(all, other)]).toEqual([true, true]);
    const mallorys = { ...CONSENT, subject: subjectKeyOf(keys.mallory.verifyingKey) };
    expect([revokes(one, mallorys), revokes(all, mallorys)]).toEqual([false, false]);
  });

  it("is signed by the key, or by a registrar that vouched for it", () => {
    const lost: Revocation = { ...WHOLE_KEY, registrar: "river-telecom" };
    const opened = openRevocation(signRevocation(lost, keys.platform), ROSTER);
    expect(mayRevoke(opened, [ATTESTATION])).toBe(true);
    expect(mayRevoke(opened, [])).toBe(false);
    expect(mayRevoke(opened, [{ ...ATTESTATION, registrar: "city-bank" }])).toBe(false);
    expect(mayRevoke(REVOCATION, [ATTESTATION])).toBe(true);
    expect(mayRevoke(REVOCATION, [])).toBe(false);
  });

  it.each([
    ["somebody else's key", REVOCATION, keys.mallory, "wrong signature"],
    ["a bureau", { ...WHOLE_KEY, registrar: "north-bureau" }, keys.bureau, "no platform or bank"],
    ["a registrar's name only", { ...WHOLE_KEY, registrar: "city-bank" }, keys.alice, "wrong sig"],
  ] as [string, Revocation, SigningKey, string][])(
    "is refused from %s",
    (_, body, key, problem) => {
      const file = signRevocation(body, key);
      expect(problemsOf(() => openRevocation(file, ROSTER))).toContain(problem);
    },
  );

  it("of one consent is not a registrar's to sign", () => {
    const meddling = { ...REVOCATION, registrar: "river-telecom" };
    expect(problemsOf(() => signRevocation(meddling, keys.platform))).toContain("leave out jti");
  });
});

describe("changed or random bytes", () => {
  const file = signRevocation(REVOCATION, keys.alice);
  it.each([
    ["attestation", FILE, (bytes: Uint8Array) => openAttestation(bytes, ROSTER, NOW)],
    ["revocation", file, (bytes: Uint8Array) => openRevocation(bytes, ROSTER)],
  ])("never pass for an %s", (_, right, open) => {
    const change = fc.record({
      at: fc.nat(right.length - 1),
      remove: fc.nat(2),
      insert: fc.uint8Array({ maxLength: 2 }),
    });
    const mutants = change.map(({ at, remove, insert }) =>
      Buffer.concat([right.subarray(0, at), insert, right.subarray(at + remove)]),
    );
    const bodies = fc.json().map((text) => Buffer.from(text));
    fc.assert(
      fc.property(fc.oneof(mutants, fc.uint8Array(), bodies), (bytes) => {
        fc.pre(Buffer.compare(bytes, right) !== 0);
        expect(problemsOf(() => open(bytes))).not.toBe("");
      }),
      { numRuns: 3000 },
    );
  });
});
