/**
 * What each bank asked about each person: uses of consents, inquiries for a purpose, bits learnt. One
 * account per bank and person, kept by the person's pseudonym in the consent domain.
 */
import {
  type Decoded,
  decode,
  encode,
  fixedBytes,
  list,
  nameText,
  object,
  uint32,
} from "@moiety/kit";
import type { ConsentPseudonym } from "@moiety/policy";
import { key, type Store, type Table } from "../../store.ts";

const entry = object({
  /** Name of the consent that was used. */
  consent: fixedBytes(32),
  purpose: nameText,
  /** As the inquiry's signed header states it, seconds since 1970: both bureaus count by it. */
  at: uint32,
  /** What the answer could tell, in thousandths of a bit. */
  millibits: uint32,
});
export type AccountEntry = Decoded<typeof entry>;

/** A quota of 6,000 bits a year, all of answers that tell a tenth of a bit, is still below. */
const MAX_ENTRIES = 65_535;
const account = list(entry, MAX_ENTRIES);
/** Longer than any window that a policy or consent can count over. */
const KEPT_SECONDS = 10_000 * 86_400;

export class Accounts {
  readonly #table: Table;
  /** Entries that are on their way to the disk: they count as if they were there. */
  readonly #pending = new Map<string, AccountEntry[]>();

  constructor(store: Store) {
    this.#table = store.table("accounts");
  }

  /** All that counts, in no order. */
  of(bank: string, person: ConsentPseudonym): readonly AccountEntry[] {
    const place = placeOf(bank, person);
    const kept = this.#kept(place);
    const pending = this.#pending.get(place.toString("latin1"));
    return pending === undefined ? kept : [...kept, ...pending];
  }

  /** Makes an entry count from now on; it is for the caller to `write` or `release` it. */
  reserve(bank: string, person: ConsentPseudonym, added: AccountEntry): Reserved {
    const place = placeOf(bank, person);
    const name = place.toString("latin1");
    this.#pending.set(name, [...(this.#pending.get(name) ?? []), added]);
    const release = (): void => {
      const left = (this.#pending.get(name) ?? []).filter((each) => each !== added);
      if (left.length > 0) this.#pending.set(name, left);
      else this.#pending.delete(name);
    };
    return { write: () => this.#write(place, added), release };
  }

  #write(place: Buffer, added: AccountEntry): void {
    const kept = this.#kept(place).filter(({ at }) => at > added.at - KEPT_SECONDS);
    const entries = [...kept, added];
    void this.#table.put(place, Buffer.from(encode(account.toWire(entries, "account"))));
  }

  #kept(place: Buffer): readonly AccountEntry[] {
    const value = this.#table.get(place);
    return value === undefined ? [] : account.fromWire(decode(Uint8Array.from(value)), "account");
  }
}

export interface Reserved {
  /** Writes the entry, in the caller's transaction. Until `release` it counts twice at most. */
  write(): void;
  /** After the transaction, or instead of it. */
  release(): void;
}

function placeOf(bank: string, { pseudonym, epoch }: ConsentPseudonym): Buffer {
  return key(bank, Buffer.from(pseudonym, "hex"), epoch);
}
