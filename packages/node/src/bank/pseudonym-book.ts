/**
 * Pseudonyms that this bank has had evaluated, so that it need not ask again within an epoch.
 *
 * A pseudonym beside a telephone number names that person in every record of its domain, so a stolen
 * store, or a backup of it, must give away neither: people are found by HMAC-SHA-256 of the identifier,
 * not by a hash that whoever enumerates numbers could compute, and what is known of one is a box under
 * AES-256-GCM, bound to its place. The keys come from the bank's signing key by HKDF, and with it
 * everything here is open. What remains to a thief of the store alone: how many people were asked about;
 * of each how many columns are known, which of them are the same as another's, and their order, the newer
 * first; and, to who has several backups, which box is the same person's as one before, and that it was
 * written again. Which domain and epoch a column is of does not show, but how common it is may suggest it.
 *
 * A *column* is one domain under both bureaus' keys of one epoch. Only verified pseudonyms come in.
 * Where the roster's keys of an epoch are not those that a pseudonym was evaluated under, it is not found:
 * they are part of the column's name, an HMAC, for a roster is no secret. Columns that the roster does not
 * list any more are removed.
 *
 * A batch asks for millions: so there is one place a person for all columns, and one box.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { constantTimeEqual, framedHash, type Rng, type SigningKey } from "@moiety/crypto";
import { milestone } from "../milestone.ts";
import { nextTurn } from "../next-turn.ts";
import type { DomainKeys, Parties } from "../parties.ts";
import { SLICE } from "../ranges.ts";
import { key, type Store, type Table } from "../store.ts";

const CONTEXT = "moiety/bank/pseudonyms/3";
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NAME_BYTES = 16;
const PSEUDONYM_BYTES = 32;
/** Of one person. Where there would be more, those go that were written longest ago. */
const MAX_COLUMNS = 255;
/** Shorter than a person's place. */
const SWEPT: Buffer = key("swept");

export interface PseudonymBookRules {
  readonly store: Store;
  readonly parties: Parties;
  readonly rng: Rng;
  readonly signing: SigningKey;
}

/** Pseudonyms of some people under one domain's keys of one epoch: 32 bytes each, in their order. */
export interface Column {
  readonly keys: DomainKeys;
  readonly pseudonyms: Uint8Array;
}

export interface Found {
  /** As asked; zeros in the places of who is missing. */
  readonly columns: readonly Uint8Array[];
  /** Positions of those of whom not everything is known, or can be opened. */
  readonly missing: readonly number[];
}

/** What is known of one person. */
interface Known {
  /** Of columns, one after the other. */
  readonly names: Buffer;
  /** In the same order. */
  readonly pseudonyms: Buffer;
}

const NOTHING: Known = { names: Buffer.alloc(0), pseudonyms: Buffer.alloc(0) };

export class PseudonymBook {
  readonly #rules: PseudonymBookRules;
  /** HMAC of the identifier → number of columns, their names, nonce, ciphertext, tag. */
  readonly #table: Table;
  readonly #indexKey: Uint8Array;
  readonly #boxKey: Uint8Array;
  readonly #nonceKey: Uint8Array;
  #closed = false;

  constructor(rules: PseudonymBookRules) {
    this.#rules = rules;
    this.#table = rules.store.table("known-pseudonyms");
    const { network } = rules.parties;
    this.#indexKey = derived(rules.signing, network, "index");
    this.#boxKey = derived(rules.signing, network, "box");
    this.#nonceKey = derived(rules.signing, network, "nonce");
  }

  /** Looks up what is known. Some 7 µs a person: a caller asks for a few hundred in one turn. */
  find(identifiers: readonly Uint8Array[], keys: readonly DomainKeys[]): Found {
    const names = keys.map((each) => this.#nameOf(each));
    const columns = keys.map(() => new Uint8Array(identifiers.length * PSEUDONYM_BYTES));
    const missing: number[] = [];
    for (const [person, identifier] of identifiers.entries()) {
      const known = this.#at(this.#place(identifier));
      const at = names.map((name) => positionOf(name, known.names));
      if (at.includes(-1)) missing.push(person);
      else
        for (const [k, column] of columns.entries()) {
          const start = (at[k] as number) * PSEUDONYM_BYTES;
          const end = start + PSEUDONYM_BYTES;
          known.pseudonyms.copy(column, person * PSEUDONYM_BYTES, start, end);
        }
    }
    return { columns, missing };
  }

  /** Keeps verified pseudonyms; resolves once they are on disk. */
  async keep(identifiers: readonly Uint8Array[], columns: readonly Column[]): Promise<void> {
    const { parties, store } = this.#rules;
    if (this.#closed || columns.length === 0) return;
    const places = identifiers.map((identifier) => this.#place(identifier));
    await store.transaction(() => {
      // A roster may have retired an epoch meanwhile: what came in now would stay.
      const lasting = columns.filter(({ keys: { domain, epoch } }) =>
        parties.keysOf(domain, epoch),
      );
      if (lasting.length === 0) return;
      const added = Buffer.concat(lasting.map(({ keys }) => this.#nameOf(keys)));
      for (const [person, place] of places.entries()) {
        const start = person * PSEUDONYM_BYTES;
        const pseudonyms = Buffer.concat(
          lasting.map((each) => each.pseudonyms.subarray(start, start + PSEUDONYM_BYTES)),
        );
        const before = without(this.#at(place), (name) => positionOf(name, added) >= 0);
        void this.#table.put(
          place,
          this.#sealed(place, joined({ names: added, pseudonyms }, before)),
        );
      }
    });
    milestone("pseudonyms.kept");
  }

  /** Removes all columns that the roster does not list. What an interrupted call left, the next removes. */
  async dropRetired(): Promise<void> {
    const { store, parties } = this.#rules;
    const listed = [...parties.domains.keys()].flatMap((domain) => parties.epochs(domain));
    const live = new Set(listed.map((keys) => this.#nameOf(keys).toString("hex")));
    const all = Buffer.from([...live].sort().join());
    const digest = this.#keyed(framedHash(`${CONTEXT}/swept`, all));
    const swept = this.#table.get(SWEPT);
    if (swept !== undefined && constantTimeEqual(swept, digest)) return;
    await store.transaction(() => {}); // what was being written before is there then
    await this.#dropFormerLayout();
    const isRetired = (name: Buffer): boolean => !live.has(name.toString("hex"));
    for (let start = Buffer.of(0); !this.#closed; await nextTurn()) {
      const rows = [...this.#table.getRange({ start, limit: SLICE })];
      const last = rows.at(-1);
      if (last === undefined) {
        await this.#table.put(SWEPT, digest);
        return;
      }
      const stale = rows.filter(
        ({ key: place, value }) => place.length === KEY_BYTES && namesIn(value).some(isRetired),
      );
      if (stale.length > 0)
        await store.transaction(() => {
          for (const { key: place } of stale) this.#prune(place, isRetired);
        });
      start = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  close(): void {
    this.#closed = true;
  }

  /** Within a transaction. */
  #prune(place: Buffer, isRetired: (name: Buffer) => boolean): void {
    const left = without(this.#at(place), isRetired);
    if (left.names.length === 0) void this.#table.remove(place);
    else void this.#table.put(place, this.#sealed(place, left));
  }

  /** Of a former program: an entry per person and domain. */
  async #dropFormerLayout(): Promise<void> {
    const former = this.#rules.store.table("pseudonyms");
    for (;;) {
      const places = [...former.getKeys({ limit: SLICE })];
      if (places.length === 0 || this.#closed) return;
      await this.#rules.store.transaction(() => {
        for (const place of places) void former.remove(place);
      });
    }
  }

  #place(identifier: Uint8Array): Buffer {
    return this.#keyed(identifier);
  }

  /** A column's name: domain, epoch, and both bureaus' keys of it. */
  #nameOf({ domain, epoch, a, b }: DomainKeys): Buffer {
    const column = framedHash(`${CONTEXT}/column`, Buffer.from(domain), key(epoch), a, b);
    return this.#keyed(column).subarray(0, NAME_BYTES);
  }

  #keyed(bytes: Uint8Array): Buffer {
    return createHmac("sha256", this.#indexKey).update(bytes).digest();
  }

  /**
   * The nonce is as good as random, 96 bits: enough for 2^32 boxes under one key. Each time that a person
   * is written counts as one, also where columns go: a million a day for eleven years. And hedged: a
   * generator that repeats gives two boxes different nonces all the same. What is hashed can be read in
   * one way: lengths are fixed, and `head` begins with its own.
   */
  #sealed(place: Buffer, { names, pseudonyms }: Known): Buffer {
    const head = Buffer.concat([Buffer.of(names.length / NAME_BYTES), names]);
    const hedged = createHmac("sha256", this.#nonceKey).update(this.#rules.rng.bytes(NONCE_BYTES));
    hedged.update(place).update(head).update(pseudonyms);
    const nonce = hedged.digest().subarray(0, NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#boxKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.concat([place, head]));
    const sealed = [head, nonce, cipher.update(pseudonyms), cipher.final()];
    return Buffer.concat([...sealed, cipher.getAuthTag()]);
  }

  /** Nothing where something was changed on disk: those pseudonyms are evaluated again. */
  #at(place: Buffer): Known {
    const value = this.#table.get(place);
    if (value === undefined) return NOTHING;
    const count = value[0] ?? 0;
    const head = 1 + count * NAME_BYTES;
    const box = head + NONCE_BYTES;
    if (value.length !== box + count * PSEUDONYM_BYTES + TAG_BYTES) return NOTHING;
    const nonce = value.subarray(head, box);
    const cipher = createDecipheriv(CIPHER, this.#boxKey, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.concat([place, value.subarray(0, head)]));
    cipher.setAuthTag(value.subarray(-TAG_BYTES));
    try {
      const pseudonyms = cipher.update(value.subarray(box, -TAG_BYTES));
      cipher.final();
      return { names: value.subarray(1, head), pseudonyms };
    } catch {
      return NOTHING;
    }
  }
}

/** Position of a name among others, or -1. */
function positionOf(name: Buffer, names: Buffer): number {
  for (let at = 0; at < names.length; at += NAME_BYTES)
    if (name.compare(names, at, at + NAME_BYTES) === 0) return at / NAME_BYTES;
  return -1;
}

function namesIn(value: Buffer): Buffer[] {
  const count = value[0] ?? 0;
  return Array.from({ length: count }, (_, at) =>
    value.subarray(1 + at * NAME_BYTES, 1 + (at + 1) * NAME_BYTES),
  );
}

function without({ names, pseudonyms }: Known, gone: (name: Buffer) => boolean): Known {
  const left: { readonly name: Buffer; readonly pseudonym: Buffer }[] = [];
  for (let at = 0; at < names.length / NAME_BYTES; at += 1) {
    const name = names.subarray(at * NAME_BYTES, (at + 1) * NAME_BYTES);
    const pseudonym = pseudonyms.subarray(at * PSEUDONYM_BYTES, (at + 1) * PSEUDONYM_BYTES);
    if (!gone(name)) left.push({ name, pseudonym });
  }
  return {
    names: Buffer.concat(left.map(({ name }) => name)),
    pseudonyms: Buffer.concat(left.map(({ pseudonym }) => pseudonym)),
  };
}

/** The newer ones first: what is too many is cut off at the end. */
function joined(newer: Known, older: Known): Known {
  return {
    names: Buffer.concat([newer.names, older.names]).subarray(0, MAX_COLUMNS * NAME_BYTES),
    pseudonyms: Buffer.concat([newer.pseudonyms, older.pseudonyms]).subarray(
      0,
      MAX_COLUMNS * PSEUDONYM_BYTES,
    ),
  };
}

/** Separate keys for separate uses, and from the signatures that the same secret makes. */
function derived({ keyObject }: SigningKey, network: string, use: string): Uint8Array {
  const { d } = keyObject.export({ format: "jwk" });
  if (d === undefined) throw new TypeError("pseudonym book: a signing key without its secret");
  const secret = Buffer.from(d, "base64url");
  const info = `${CONTEXT}/${use}`;
  try {
    return new Uint8Array(hkdfSync("sha256", secret, network, info, KEY_BYTES));
  } finally {
    secret.fill(0);
  }
}
