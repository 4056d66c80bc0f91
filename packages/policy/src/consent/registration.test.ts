import { type SigningKey, sign } from "@moiety/crypto";
import { canonicalJson, readableJson } from "@moiety/model";
import { describe, expect, it } from "vitest";
import { problemsOf } from "../testing/problems.ts";
import {
  type Attestation,
  acceptAttestation,
  attestationRefusal,
  openAttestation,
  signAttestation,
} from "./attestation.ts";
import { attestationConflict, mayRevoke } from "./registration.ts";
import { openRevocation, type Revocation, revokes, signRevocation, voids } from "./revocation.ts";
import { subjectKeyOf } from "./subject.ts";
import { ATTESTATION, CONSENT, DAY, hex, keys, NOW, person, ROSTER } from "./testing/world.ts";

const offered = (change: Partial<Attestation> = {}, key: SigningKey = keys.platform) =>
  signAttestation({ ...ATTESTATION, ...change }, key);
const attested = (change: Partial<Attestation> = {}, key: SigningKey = keys.platform) =>
  acceptAttestation(offered(change, key), keys.alice, ROSTER, NOW);
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
      expect(problemsOf(() => attested(change, key))).toContain(problem);
    },
  );

  it("is refused when it has expired since", () => {
    const then = Date.parse(ATTESTATION.expiresAt);
    expect(problemsOf(() => openAttestation(FILE, ROSTER, then))).toContain("expired");
  });

  it("is nothing without the subject's own signature", () => {
    expect(problemsOf(() => openAttestation(offered(), ROSTER, NOW))).not.toBe("");
    // A registrar that signs in the place of a key which it does not hold.
    const offer = JSON.parse(Buffer.from(offered()).toString()) as { signature: string };
    const attestation = { ...ATTESTATION, registrarSignature: offer.signature };
    for (const key of [keys.platform, keys.mallory]) {
      const context = "moiety/subject-possession/v1";
      const signature = hex(sign(key, context, canonicalJson(attestation)));
      const forged = readableJson({ attestation, signature });
      expect(problemsOf(() => openAttestation(forged, ROSTER, NOW))).toContain("wrong signature");
    }
    expect(problemsOf(() => acceptAttestation(offered(), keys.mallory, ROSTER, NOW))).toContain(
      "another key",
    );
  });

  it("that the person accepted cannot be turned into one about another person or by another", () => {
    const changes: Partial<Attestation>[] = [
      { person: person("bob") },
      { registrar: "city-bank" },
      { expiresAt: "2027-01-01T00:00:00Z" },
    ];
    const { signature } = JSON.parse(Buffer.from(FILE).toString()) as { signature: string };
    for (const change of changes) {
      // The registrar signs anew; the acceptance is of the former one.
      const key = change.registrar === undefined ? keys.platform : keys.otherBank;
      const offer = JSON.parse(Buffer.from(offered(change, key)).toString()) as {
        signature: string;
      };
      const facts = { ...ATTESTATION, ...change, registrarSignature: offer.signature };
      const forged = readableJson({ attestation: facts, signature });
      expect(problemsOf(() => openAttestation(forged, ROSTER, NOW))).toContain("wrong signature");
    }
  });

  it("of something that is no key or no pseudonym is never signed", () => {
    const thumbprint = CONSENT.subject.thumbprint;
    const wrongs: Partial<Attestation>[] = [
      { subject: { key: subjectKeyOf(keys.mallory.verifyingKey).key, thumbprint } },
      { person: { pseudonym: "ff".repeat(32), epoch: 1 } },
      { expiresAt: ATTESTATION.issuedAt },
      { expiresAt: "2027-02-03T00:00:00Z" },
    ];
    for (const wrong of wrongs) expect(problemsOf(() => offered(wrong))).not.toBe("");
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

  it("goes on under another registrar's word when one takes back its own", () => {
    const withdrawn = { ...WHOLE_KEY, registrar: "river-telecom" };
    const byBank = { ...ATTESTATION, registrar: "city-bank" };
    expect(conflict([ATTESTATION, byBank], [withdrawn])).toBe("subject-other-key");
    expect(conflict([ATTESTATION], [withdrawn])).toBeUndefined();
    const again = (next: Attestation) =>
      attestationConflict(next, [ATTESTATION], [withdrawn], NOW)?.code;
    expect(again(ATTESTATION)).toBe("subject-withdrawn");
    expect(again(byBank)).toBeUndefined();
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

  it("by a registrar takes back its own attestations, and no consent", () => {
    const withdrawn = { ...WHOLE_KEY, registrar: "river-telecom" };
    expect(revokes(withdrawn, CONSENT)).toBe(false);
    expect(voids(withdrawn, ATTESTATION)).toBe(true);
    expect(voids(withdrawn, { ...ATTESTATION, registrar: "city-bank" })).toBe(false);
    expect(voids(WHOLE_KEY, { ...ATTESTATION, registrar: "city-bank" })).toBe(true);
    expect(voids(REVOCATION, ATTESTATION)).toBe(false);
    const subject = subjectKeyOf(keys.mallory.verifyingKey);
    expect(voids(WHOLE_KEY, { ...ATTESTATION, subject })).toBe(false);
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
