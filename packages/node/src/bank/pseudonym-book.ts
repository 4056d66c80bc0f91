/**
 * Pseudonyms that this bank has had evaluated, so that it need not ask again within an epoch.
 *
 * A pseudonym beside a telephone number names that person in every record of its domain, so a stolen
 * store, or a backup of it, must give away neither: entries are found by HMAC-SHA-256 of the identifier, not by a hash that
 * whoever enumerates numbers could compute, and hold AES-256-GCM of the pseudonym, bound to their
 * place. The keys come from the bank's signing key by HKDF, and with it everything here is open. What
 * a thief of the store alone learns is how many people were asked about per domain and epoch.
 *
 * Only verified pseudonyms come in. Where the roster's keys of an epoch are not those that a pseudonym
 * was evaluated under, it is not found: they are part of what is hashed. Entries of an epoch that the
 * roster does not list any more are removed.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { type Element, framedHash, parseElement, type Rng, type SigningKey } from "@moiety/crypto";
import { milestone } from "../milestone.ts";
import type { DomainKeys, Parties } from "../parties.ts";
import { after, key, type Store, type Table } from "../store.ts";

const CONTEXT = "moiety/bank/pseudonyms/1";
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ELEMENT_BYTES = 32;
/** Entries removed in one transaction. */
const REMOVED_AT_ONCE = 10_000;

export interface PseudonymBookRules {
  readonly store: Store;
  readonly parties: Parties;
  readonly rng: Rng;
  readonly signing: SigningKey;
}

/** Pseudonyms of some people under one domain's keys of one epoch. */
export interface Column {
  readonly keys: DomainKeys;
  readonly pseudonyms: readonly Element[];
}

export class PseudonymBook {
  readonly #rules: PseudonymBookRules;
  /** (domain, epoch, HMAC of keys and identifier) → nonce, ciphertext, tag. */
  readonly #table: Table;
  readonly #indexKey: Uint8Array;
  readonly #boxKey: Uint8Array;
  readonly #nonceKey: Uint8Array;
  #closed = false;

  constructor(rules: PseudonymBookRules) {
    this.#rules = rules;
    this.#table = rules.store.table("pseudonyms");
    const { network } = rules.parties;
    this.#indexKey = derived(rules.signing, network, "index");
    this.#boxKey = derived(rules.signing, network, "box");
    this.#nonceKey = derived(rules.signing, network, "nonce");
  }

  /** The pseudonyms that are known, by position; undefined where one is not, or cannot be opened. */
  find(identifiers: readonly Uint8Array[], keys: DomainKeys): (Element | undefined)[] {
    const places = this.#places(keys);
    return identifiers.map((identifier) => {
      const place = places(identifier);
      const sealed = this.#table.get(place);
      return sealed && this.#opened(place, sealed);
    });
  }

  /** Keeps verified pseudonyms, a column per domain and epoch; resolves once they are on disk. */
  async keep(identifiers: readonly Uint8Array[], columns: readonly Column[]): Promise<void> {
    const { parties, store } = this.#rules;
    // A roster may have retired an epoch meanwhile: what came in now would stay.
    const lasting = columns.filter(({ keys: { domain, epoch } }) => parties.keysOf(domain, epoch));
    if (this.#closed || lasting.length === 0) return;
    const entries = lasting.flatMap(({ keys, pseudonyms }) => {
      const places = this.#places(keys);
      return identifiers.map((identifier, at) => {
        const place = places(identifier);
        return { place, sealed: this.#sealed(place, pseudonyms[at] as Element) };
      });
    });
    await store.transaction(() => {
      for (const { place, sealed } of entries) void this.#table.put(place, sealed);
    });
    milestone("pseudonyms.kept");
    // One retired while this was written: what removed its entries did not see these yet.
    if (lasting.some(({ keys: { domain, epoch } }) => !parties.keysOf(domain, epoch)))
      await this.dropRetired();
  }

  /** Removes the entries of all epochs that the roster does not list. */
  async dropRetired(): Promise<void> {
    let range: { start?: Buffer; limit: number } = { limit: 1 };
    for (;;) {
      const [first] = this.#table.getKeys(range);
      if (first === undefined || this.#closed) return;
      const { prefix, domain, epoch } = placeOf(first);
      if (this.#rules.parties.keysOf(domain, epoch) === undefined) await this.#removeAll(prefix);
      range = { start: after(prefix), limit: 1 };
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #removeAll(prefix: Buffer): Promise<void> {
    for (;;) {
      const range = { start: prefix, end: after(prefix), limit: REMOVED_AT_ONCE };
      const places = [...this.#table.getKeys(range)];
      if (places.length === 0 || this.#closed) return;
      await this.#rules.store.transaction(() => {
        for (const place of places) void this.#table.remove(place);
      });
    }
  }

  #places({ domain, epoch, a, b }: DomainKeys): (identifier: Uint8Array) => Buffer {
    const keys = framedHash(`${CONTEXT}/keys`, Buffer.from(domain), a, b);
    return (identifier) => {
      const mac = createHmac("sha256", this.#indexKey).update(keys).update(identifier).digest();
      return key(domain, epoch, mac);
    };
  }

  /**
   * The nonce is as good as random, 96 bits: enough for 2^32 entries under one key, which nobody asks
   * about. And hedged: a generator that repeats gives two entries different nonces all the same.
   */
  #sealed(place: Buffer, pseudonym: Element): Buffer {
    const hedged = createHmac("sha256", this.#nonceKey).update(this.#rules.rng.bytes(NONCE_BYTES));
    const nonce = hedged.update(place).update(pseudonym).digest().subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#boxKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(place);
    const sealed = [nonce, cipher.update(pseudonym), cipher.final()];
    return Buffer.concat([...sealed, cipher.getAuthTag()]);
  }

  /** Undefined for what was changed on disk: such a pseudonym is evaluated again. */
  #opened(place: Buffer, sealed: Buffer): Element | undefined {
    if (sealed.length !== NONCE_BYTES + ELEMENT_BYTES + TAG_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const cipher = createDecipheriv(CIPHER, this.#boxKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(place);
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      const opened = cipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
      cipher.final();
      return parseElement(opened, "kept pseudonym");
    } catch {
      return undefined;
    }
  }
}

/** Separate keys for separate uses, and from the signatures that the same secret makes. */
function derived({ keyObject }: SigningKey, network: string, use: string): Uint8Array {
  const { d } = keyObject.export({ format: "jwk" });
  const secret = Buffer.from(d ?? "", "base64url");
  const info = `${CONTEXT}/${use}`;
  try {
    return new Uint8Array(hkdfSync("sha256", secret, network, info, KEY_BYTES));
  } finally {
    secret.fill(0);
  }
}

/** Domain, a zero byte, epoch: what all places of one epoch begin with. */
function placeOf(place: Buffer): { prefix: Buffer; domain: string; epoch: number } {
  const end = place.indexOf(0) + 1;
  return {
    prefix: place.subarray(0, end + 4),
    domain: place.subarray(0, end - 1).toString(),
    epoch: place.readUInt32BE(end),
  };
}
