/** What an inquiry must be on its face, and what is found must be to it. */
import { TABLE_ENTRIES } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { MAX_LOOKUPS } from "../lookup/protocol.ts";
import { CONSENT_BYTES, type Inquiry, MAX_PEOPLE, PSEUDONYM_BYTES } from "./header.ts";

/** What a bureau found out about an inquiry before it computes anything. */
export interface Resolved {
  /** m × 16: this bureau's table share. */
  readonly tables: Uint16Array;
  /** people × m: this bureau's index shares; 0 where there is no record. */
  readonly indices: Uint8Array;
  /** people × deposits: 1 where there is a record. */
  readonly found: Uint8Array;
  /**
   * The signed deposit headers that were read, in the inquiry's order; empty bytes for version 0. A
   * platform that gave the bureaus two contents under one version is found out by them.
   */
  readonly depositHeaders: readonly Uint8Array[];
  /** What else both bureaus must see alike before anything is used up: the inquiry's fee. */
  readonly terms?: Uint8Array;
  /** Places of people, ascending, about whom something is in dispute here; absent: of nobody. */
  readonly disputed?: readonly number[];
}

/** Bytes that say of each person whether something is in dispute; none where nothing is. */
export const MAX_FLAG_BYTES: number = MAX_PEOPLE / 8;

/** People as bits, the first one lowest in the first byte; empty for nobody. */
export function flagsOf(people: number, flagged: readonly number[]): Uint8Array {
  if (flagged.length === 0) return new Uint8Array();
  const flags = new Uint8Array(Math.ceil(people / 8));
  for (const person of flagged)
    flags[person >> 3] = (flags[person >> 3] as number) | (1 << (person & 7));
  return flags;
}

/** What `flagsOf` was made from; undefined for bytes that it would not have made. */
export function flaggedIn(people: number, flags: Uint8Array): number[] | undefined {
  const flagged: number[] = [];
  for (let person = 0; person < 8 * flags.length; person += 1)
    if ((((flags[person >> 3] as number) >> (person & 7)) & 1) === 1) flagged.push(person);
  const isOne =
    Buffer.compare(
      flagsOf(
        people,
        flagged.filter((each) => each < people),
      ),
      flags,
    ) === 0;
  return isOne ? flagged : undefined;
}

/**
 * Throws `Refusal` for numbers that do not agree, and for a domain or a person named twice. Each
 * person once: a bank with a bureau at its side gets 10 bits a person and inquiry, and would get
 * them a thousand times over from an inquiry that names one person a thousand times.
 */
export function checkShape({ people, deposits, pseudonyms, consents }: Inquiry): void {
  const expected = people * deposits.length * PSEUDONYM_BYTES;
  if (people < 1 || people > MAX_PEOPLE || pseudonyms.length !== expected)
    throw new Refusal("refused", "number of people and of pseudonyms do not agree");
  if (consents.length !== 0 && consents.length !== people * CONSENT_BYTES)
    throw new Refusal("refused", "number of people and of consents do not agree");
  if (new Set(deposits.map(({ domain }) => domain)).size !== deposits.length)
    throw new Refusal("refused", "a domain is named twice");
  for (const domain of deposits.keys())
    if (isRepeated(pseudonyms, people, deposits.length, domain))
      throw new Refusal("refused", "a person is named twice");
}

/**
 * Whether a pseudonym stands in a column twice. Pseudonyms are uniform, so that hardly ever two agree in
 * their first 8 bytes, which can be sorted fast. A bank that makes some that do is looked at closely.
 */
function isRepeated(
  pseudonyms: Uint8Array,
  people: number,
  columns: number,
  column: number,
): boolean {
  const { buffer, byteOffset, byteLength } = pseudonyms;
  const view = new DataView(buffer, byteOffset, byteLength);
  const place = (person: number): number => PSEUDONYM_BYTES * (person * columns + column);
  const beginnings = new BigUint64Array(people);
  for (let person = 0; person < people; person += 1)
    beginnings[person] = view.getBigUint64(place(person));
  beginnings.sort();
  let alike = false;
  for (let at = 1; at < people; at += 1) alike ||= beginnings[at] === beginnings[at - 1];
  if (!alike) return false;
  const whole = Buffer.from(buffer, byteOffset, byteLength);
  const texts = new Set<string>();
  for (let person = 0; person < people; person += 1)
    texts.add(whole.toString("latin1", place(person), place(person) + PSEUDONYM_BYTES));
  return texts.size !== people;
}

/** What `resolve` found fits the inquiry, and one run of `lookup`; before anything is used up. */
export function checkResolved({ people, deposits }: Inquiry, resolved: Resolved): void {
  const { tables, indices, found, depositHeaders } = resolved;
  const m = tables.length / TABLE_ENTRIES;
  if (people * m > MAX_LOOKUPS)
    throw new Refusal("refused", `${people} people with ${m} characteristics are too many at once`);
  const fits = indices.length === people * m && found.length === people * deposits.length;
  if (!fits || depositHeaders.length !== deposits.length)
    throw new RangeError("resolved: another number of records than the inquiry asks for");
}
