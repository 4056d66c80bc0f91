/** What may not be asked, each told by its code: the same list for two honest bureaus, and for one alone. */
import {
  acceptAttestation,
  openAttestation,
  signAttestation,
  signRevocation,
} from "@moiety/policy";
import { altered, consentOf, forged, revocationBy } from "./people.ts";
import { canonicalHex, type Scene } from "./scene.ts";

/** Does what is forbidden, and gives what the bank is told for it. */
export type Misuse = (scene: Scene) => Promise<string>;

const often = { use: { times: 9, per: "30d" } } as const;
const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const HOUR_MS = 3_600_000;

/** Refused when an inquiry is made. */
export const INQUIRIES: Readonly<Record<string, readonly [code: string, misuse: Misuse]>> = {
  "a consent replayed": [
    "consent-used-up",
    async (scene) => {
      const person = await scene.person();
      const asked = { id: person.id, token: await consentOf(person) };
      await scene.score(asked);
      return scene.refusal(asked);
    },
  ],
  "a consent for another purpose": [
    "consent-other-purpose",
    async (scene) => {
      const person = await scene.person();
      const asked = { id: person.id, token: await consentOf(person) };
      return scene.refusal({ ...asked, purpose: "credit-review" });
    },
  ],
  "a consent that has expired": [
    "consent-expired",
    async (scene) => {
      const person = await scene.person();
      const [notBefore, expiresAt] = [-2, -1].map((hours) => timeOf(Date.now() + hours * HOUR_MS));
      const token = await consentOf(person, {}, { notBefore: notBefore!, expiresAt: expiresAt! });
      return scene.refusal({ id: person.id, token });
    },
  ],
  "a consent that is not valid yet": [
    "consent-not-yet",
    async (scene) => {
      const person = await scene.person();
      const token = await consentOf(person, {}, { notBefore: timeOf(Date.now() + HOUR_MS) });
      return scene.refusal({ id: person.id, token });
    },
  ],
  "a consent that does not cover a platform": [
    "consent-other-features",
    async (scene) => {
      const person = await scene.person();
      const token = await consentOf(person, { scope: { domains: ["telecom"] } });
      return scene.refusal({ id: person.id, token });
    },
  ],
  "a consent to a band, for a score": [
    "consent-other-output",
    async (scene) => {
      const person = await scene.person();
      return scene.refusal({
        id: person.id,
        token: await consentOf(person, { outputs: ["band"] }),
      });
    },
  ],
  "a consent that the person has revoked, used before and kept": [
    "consent-revoked",
    async (scene) => {
      const person = await scene.person();
      const asked = { id: person.id, token: await consentOf(person, often) };
      await scene.score(asked);
      await scene.notify("revocation", revocationBy(person, asked.token));
      return scene.refusal(asked);
    },
  ],
  "a consent of a key that was revoked": [
    "consent-revoked",
    async (scene) => {
      const person = await scene.person();
      await scene.notify("revocation", revocationBy(person));
      return scene.refusal({ id: person.id, token: await consentOf(person) });
    },
  ],
  "a key that only the bank that asks vouches for": [
    "subject-own-registrar",
    async (scene) => {
      const person = await scene.person("bank");
      return scene.refusal({ id: person.id, token: await consentOf(person) });
    },
  ],
  "a key whose registrar took back its word": [
    "subject-withdrawn",
    async (scene) => {
      const person = await scene.person();
      const { network, subject } = person.attestation;
      const word = { network, subject, registrar: "telecom", revokedAt: timeOf(Date.now()) };
      await scene.notify("revocation", signRevocation(word, scene.keyOf("telecom")));
      return scene.refusal({ id: person.id, token: await consentOf(person) });
    },
  ],
  "a key whose attestation has lapsed": [
    "subject-lapsed",
    async (scene) => {
      const person = await scene.stranger();
      const expiresAt = timeOf(Date.now() + 3_000);
      const offer = signAttestation({ ...person.attestation, expiresAt }, scene.keyOf("telecom"));
      const short = acceptAttestation(offer, person.key, scene.roster, Date.now());
      openAttestation(short, scene.roster, Date.now());
      await scene.notify("attestation", short);
      const asked = { id: person.id, token: await consentOf(person, often) };
      await new Promise((resolve) => setTimeout(resolve, Date.parse(expiresAt) - Date.now() + 20));
      return scene.refusal(asked);
    },
  ],
  "more bits about a person than a year allows": [
    "quota-exceeded",
    async (scene) => {
      const person = await scene.person();
      const asked = { id: person.id, token: await consentOf(person, often) };
      await scene.score(asked);
      await scene.score(asked);
      return scene.refusal(asked);
    },
  ],
  "another inquiry for a purpose that allows one": [
    "purpose-too-often",
    async (scene) => {
      const person = await scene.person();
      const purpose = "credit-review";
      const ask = async () => ({
        purpose,
        id: person.id,
        token: await consentOf(person, { purpose }),
      });
      await scene.score(await ask());
      return scene.refusal(await ask());
    },
  ],
  "a model with a category that the policy forbids for the purpose": [
    "purpose-other-features",
    async (scene) => {
      const person = await scene.person();
      const purpose = "collections";
      return scene.refusal({ purpose, id: person.id, token: await consentOf(person, { purpose }) });
    },
  ],
  "another person's pseudonyms, by a bank that registered a consent properly": [
    "person-unproven",
    async (scene) => {
      const [alice, bob] = [await scene.person(), await scene.person()];
      const token = await consentOf(alice, { bank: "rogue" });
      return scene.ordered({ about: canonicalHex(bob.id) }, () =>
        scene.refusal({ id: alice.id, token, bank: "rogue" }),
      );
    },
  ],
};

/** Refused by a bureau already when the consent is registered. */
export const REGISTRATIONS: Readonly<Record<string, readonly [code: string, misuse: Misuse]>> = {
  "Alice's consent with Bob's identifier": [
    "consent-other-person",
    async (scene) => {
      const [alice, bob] = [await scene.person(), await scene.person()];
      return scene.refusal({ id: bob.id, token: await consentOf(alice) });
    },
  ],
  "a key that nobody vouches for": [
    "subject-unknown",
    async (scene) => {
      const person = await scene.stranger();
      return scene.refusal({ id: person.id, token: await consentOf(person) });
    },
  ],
};

/** Nothing of this gets past a bank that reads what it is given; the rogue does not. */
export const FORGERIES: Readonly<Record<string, (token: string) => string>> = {
  "a byte altered in its header": (token) => forged(token, 0),
  "a byte altered in its claims": (token) => forged(token, 1),
  "a byte altered in its signature": (token) => forged(token, 2),
  ...Object.fromEntries(
    Object.entries({
      network: "moiety-locas",
      person: { pseudonym: "00".repeat(32), epoch: 1 },
      bank: "bank",
      purpose: "credit-review",
      scope: { domains: ["shop", "telecom", "zoo"] },
      outputs: ["band", "score"],
      use: { times: 366, per: "1d" },
      notBefore: "2020-01-01T00:00:00Z",
      expiresAt: "2099-01-01T00:00:00Z",
      dataLife: "9999d",
    }).map(([field, value]) => [
      `another ${field}`,
      (token: string) => altered(token, (claims) => ({ ...claims, [field]: value })),
    ]),
  ),
};
