/**
 * Who asked about whom, for the person to read: an entry for each inquiry that this bureau computed,
 * written in the transaction of its intent, and a bounded number of refused ones.
 */
import { framedHash } from "@moiety/crypto";
import { type Decoded, decode, encode, fixedBytes, nameText, object, uint32 } from "@moiety/kit";
import type { ConsentPseudonym } from "@moiety/policy";
import { after, key, type Store, type Table } from "../../store.ts";
import { aboutKey } from "./about-key.ts";

/** One person of an inquiry. */
export interface AskedAbout {
  readonly about: ConsentPseudonym;
  readonly bank: string;
  readonly purpose: string;
  /** As the inquiry's header states it, seconds since 1970. */
  readonly at: number;
  /** Name of the consent. */
  readonly consent: Uint8Array;
  /** Of the inquiry. */
  readonly id: Uint8Array;
}

const begun = object({
  bank: nameText,
  purpose: nameText,
  consent: fixedBytes(32),
  inquiry: fixedBytes(16),
});

/** An inquiry that was computed here. */
export interface JournalEntry extends Decoded<typeof begun> {
  readonly at: number;
  /** Number of its intent in this bureau's log. */
  readonly intent: number;
  /** Number of its result there; undefined where none was delivered. */
  readonly result: number | undefined;
  /** Where it lies, for asking what was before it. */
  readonly cursor: string;
}

const refused = object({
  bank: nameText,
  purpose: nameText,
  consent: fixedBytes(32),
  code: nameText,
  /** How often, and when first and last. */
  times: uint32,
  first: uint32,
  last: uint32,
});
/** Refusals of one kind, by one bank: of one consent, for one purpose, for one reason. */
export type JournalRefusal = Decoded<typeof refused>;

/** About so many kinds of refusals of one bank about one person are told apart. */
const MAX_REFUSED_KINDS: number = 64;
/** Stands for many purposes or consents. */
const VARIOUS = "various";
/** In the place of a consent's name: many of them. */
export const NO_CONSENT: Uint8Array = new Uint8Array(32);
const MOST = 0xffff_ffff;

export class Journal {
  /** (N_c, epoch, time, number of the intent, place in the inquiry) → inquiry. */
  readonly #asked: Table;
  /** Inquiry id → number of the result's entry, 8 bytes. */
  readonly #results: Table;
  /** (N_c, epoch, bank, digest of the kind) → refusals. */
  readonly #refused: Table;
  /** Refusals on their way to the disk: what comes after counts on from them. */
  readonly #pending = new Map<string, JournalRefusal>();

  constructor(store: Store) {
    this.#asked = store.table("journal");
    this.#results = store.table("journal-results");
    this.#refused = store.table("journal-refusals");
  }

  /** In the transaction of the intent that has this number in the log. */
  begun(asked: readonly AskedAbout[], intent: number): void {
    for (const [i, { about, bank, purpose, at, consent, id }] of asked.entries()) {
      const place = key(aboutKey(about), at, number(intent), i);
      const value = encode(begun.toWire({ bank, purpose, consent, inquiry: id }, "journal"));
      void this.#asked.put(place, Buffer.from(value));
    }
  }

  /** In the transaction of the result that has this number in the log. */
  delivered(inquiry: Uint8Array, result: number): void {
    void this.#results.put(Buffer.from(inquiry), number(result));
  }

  /** Not waited for: nothing was computed, and nothing depends on it. */
  refused(asked: AskedAbout, code: string): void {
    const place = this.#placeOf(asked, code);
    const name = place.toString("latin1");
    const known = this.#pending.get(name) ?? this.#refusalAt(place);
    const { bank, at } = asked;
    const kind =
      known === undefined && isVarious(place, asked)
        ? { purpose: VARIOUS, consent: NO_CONSENT }
        : { purpose: asked.purpose, consent: asked.consent };
    const next: JournalRefusal =
      known === undefined
        ? { ...kind, bank, code, times: 1, first: at, last: at }
        : { ...known, times: Math.min(known.times + 1, MOST), last: Math.max(known.last, at) };
    this.#pending.set(name, next);
    const forget = (): void => {
      if (this.#pending.get(name) === next) this.#pending.delete(name);
    };
    const value = encode(refused.toWire(next, "refusal"));
    this.#refused.put(place, Buffer.from(value)).then(forget, forget);
  }

  /** Of consents that `isShown`, the latest first, at most `limit`. */
  of(
    about: ConsentPseudonym,
    limit: number,
    isShown: (consent: Uint8Array) => boolean,
    before?: string,
  ): JournalEntry[] {
    const prefix = aboutKey(about);
    const cursor = before === undefined ? undefined : Buffer.from(before, "hex");
    const end = cursor === undefined ? after(prefix) : Buffer.concat([prefix, cursor]);
    const shown: JournalEntry[] = [];
    for (const place of this.#asked.getKeys({ start: prefix, end, reverse: true })) {
      if (shown.length === limit) break;
      const entry = this.#entryAt(Buffer.from(place), prefix.length);
      if (isShown(entry.consent)) shown.push(entry);
    }
    return shown;
  }

  /** Of consents that `isShown`, which is asked of `NO_CONSENT` where refusals of many are counted as one. */
  refusalsOf(about: ConsentPseudonym, isShown: (consent: Uint8Array) => boolean): JournalRefusal[] {
    const prefix = aboutKey(about);
    const found = this.#refused.getRange({ start: prefix, end: after(prefix) });
    return [...found].map(({ value }) => refusalIn(value)).filter((each) => isShown(each.consent));
  }

  #entryAt(place: Buffer, from: number): JournalEntry {
    const value = this.#asked.get(place) as Buffer;
    const entry = begun.fromWire(decode(Uint8Array.from(value)), "journal");
    return {
      ...entry,
      at: place.readUInt32BE(from),
      intent: Number(place.readBigUInt64BE(from + 4)),
      result: numberIn(this.#results.get(Buffer.from(entry.inquiry))),
      cursor: place.subarray(from).toString("hex"),
    };
  }

  /** Where refusals of this kind are counted: with all others of the bank, if it has had too many kinds. */
  #placeOf(asked: AskedAbout, code: string): Buffer {
    const bank = key(aboutKey(asked.about), asked.bank);
    const own = key(bank, kindOf(asked, code));
    const isKnown = this.#pending.has(own.toString("latin1")) || this.#refused.get(own);
    if (isKnown) return own;
    // What is on its way to the disk is not counted: some more than so many do no harm.
    const kinds = this.#refused.getCount({ start: bank, end: after(bank) });
    return kinds < MAX_REFUSED_KINDS ? own : key(bank, kindOf(VARIOUS_KIND, VARIOUS));
  }

  #refusalAt(place: Buffer): JournalRefusal | undefined {
    const value = this.#refused.get(place);
    return value === undefined ? undefined : refusalIn(value);
  }
}

const VARIOUS_KIND = { purpose: VARIOUS, consent: NO_CONSENT };

function isVarious(place: Buffer, { about, bank }: AskedAbout): boolean {
  return place.equals(key(aboutKey(about), bank, kindOf(VARIOUS_KIND, VARIOUS)));
}

function kindOf({ purpose, consent }: Pick<AskedAbout, "purpose" | "consent">, code: string) {
  const parts = [Buffer.from(purpose), consent, Buffer.from(code)];
  return framedHash("moiety/journal/v1/refusal", ...parts).slice(0, 16);
}

function refusalIn(value: Buffer): JournalRefusal {
  return refused.fromWire(decode(Uint8Array.from(value)), "refusal");
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function numberIn(value: Buffer | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.readBigUInt64BE());
}
