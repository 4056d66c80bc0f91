/** What an inquiry must be on its face, and what is found must be to it. */
import type { Element } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { TABLE } from "../lookup/math.ts";
import { MAX_LOOKUPS } from "../lookup/protocol.ts";
import { type Inquiry, MAX_PEOPLE } from "./header.ts";

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
}

/**
 * Throws `Refusal` for numbers that do not agree, and for a domain or a person named twice. Each
 * person once: a bank with a bureau at its side gets 10 bits a person and inquiry, and would get
 * them a thousand times over from an inquiry that names one person a thousand times.
 */
export function checkShape({ people, deposits, pseudonyms }: Inquiry): void {
  if (people < 1 || people > MAX_PEOPLE || pseudonyms.length !== people * deposits.length)
    throw new Refusal("refused", "number of people and of pseudonyms do not agree");
  if (new Set(deposits.map(({ domain }) => domain)).size !== deposits.length)
    throw new Refusal("refused", "a domain is named twice");
  for (const domain of deposits.keys()) {
    const column = pseudonyms.filter((_, at) => at % deposits.length === domain);
    if (new Set(column.map(text)).size !== people)
      throw new Refusal("refused", "a person is named twice");
  }
}

/** What `resolve` found fits the inquiry, and one run of `lookup`; before anything is used up. */
export function checkResolved({ people, deposits }: Inquiry, resolved: Resolved): void {
  const { tables, indices, found, depositHeaders } = resolved;
  const m = tables.length / TABLE;
  if (people * m > MAX_LOOKUPS)
    throw new Refusal("refused", `${people} people with ${m} characteristics are too many at once`);
  const fits = indices.length === people * m && found.length === people * deposits.length;
  if (!fits || depositHeaders.length !== deposits.length)
    throw new RangeError("resolved: another number of records than the inquiry asks for");
}

function text(pseudonym: Element): string {
  return Buffer.from(pseudonym).toString("latin1");
}
