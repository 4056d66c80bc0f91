/**
 * Consents that a bank registered: what the person signed, and the pseudonyms that were proven to be
 * of that one person. Verified once; an inquiry then names the consent and is compared with this.
 */
import {
  bytes,
  type Decoded,
  decode,
  encode,
  fixedBytes,
  list,
  nameText,
  object,
  uint32,
} from "@moiety/kit";
import { type Consent, consentName, isSamePerson } from "@moiety/policy";
import type { Store, Table } from "../../store.ts";

/** A person's pseudonym in one domain and epoch. */
const pseudonym = object({ domain: nameText, epoch: uint32, pseudonym: fixedBytes(32) });
export type ProvenPseudonym = Decoded<typeof pseudonym>;

const record = object({
  /** The consent's claims, as JSON: parsed and verified when they came in. */
  claims: bytes(8192, { min: 2 }),
  /** The person's pseudonyms in platforms' domains. */
  pseudonyms: list(pseudonym, 64),
});

export interface RegisteredConsent {
  readonly consent: Consent;
  /** Of the one person whose pseudonym in the consent domain stands in the consent. */
  readonly pseudonyms: readonly ProvenPseudonym[];
}

export class ConsentRegistry {
  readonly #table: Table;

  constructor(store: Store) {
    this.#table = store.table("consents");
  }

  get count(): number {
    return this.#table.getCount();
  }

  get(name: Uint8Array): RegisteredConsent | undefined {
    const value = this.#table.get(Buffer.from(name));
    if (value === undefined) return undefined;
    const { claims, pseudonyms } = record.fromWire(decode(Uint8Array.from(value)), "consent");
    return { consent: JSON.parse(Buffer.from(claims).toString()) as Consent, pseudonyms };
  }

  /**
   * Writes, in the caller's transaction. What was registered of the same consent before stays beside it
   * as far as it is of other domains and epochs: all of it was proven to be of the same person. A key can
   * sign two consents of one name about two people, whose pseudonyms must not come together.
   */
  put({ consent, pseudonyms }: RegisteredConsent): void {
    const name = consentName(consent);
    const before = this.get(name);
    const isNew = (former: ProvenPseudonym): boolean =>
      !pseudonyms.some(({ domain, epoch }) => domain === former.domain && epoch === former.epoch);
    const isSame = before !== undefined && isSamePerson(before.consent.person, consent.person);
    const kept = isSame ? before.pseudonyms.filter(isNew) : [];
    const claims = new Uint8Array(Buffer.from(JSON.stringify(consent)));
    // Beyond the most that a record holds, what was registered first goes.
    const all = [...kept, ...pseudonyms].slice(-MAX_PSEUDONYMS);
    const value = encode(record.toWire({ claims, pseudonyms: all }, "consent"));
    void this.#table.put(Buffer.from(name), Buffer.from(value));
  }
}

const MAX_PSEUDONYMS = 64;
