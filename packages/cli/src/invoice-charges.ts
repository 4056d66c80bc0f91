/** Which inquiries of a month count, by one bureau's log or by both. */
import type { Entry, EntryBody } from "@moiety/ledger";
import { SetupError } from "@moiety/node";

/** Bureaus log an inquiry within so many seconds of the time that it states; twice the tolerance. */
const LATENESS_SECONDS = 1200;

/** A calendar month in UTC, seconds since 1970. */
export interface Month {
  readonly name: string;
  readonly from: number;
  /** The first second after it. */
  readonly to: number;
}

/** An inquiry that was delivered and is charged. */
export interface ChargedInquiry extends Omit<EntryBody<"fee">, "inquiry"> {
  /** Hexadecimal digits. */
  readonly inquiry: string;
  readonly people: number;
  /** Digest of the model's certificate, hexadecimal digits. */
  readonly model: string;
}

export interface Charges {
  readonly charged: ReadonlyMap<string, ChargedInquiry>;
  /** Fees that do not count, and why: sentences. */
  readonly problems: readonly string[];
  /** Time of the log's last entry, seconds since 1970; 0: it has none. */
  readonly through: number;
}

/** Throws `SetupError` for anything but `2026-11`. */
export function monthOf(name: string): Month {
  const from = Date.parse(`${name}-01T00:00:00Z`);
  if (!/^\d{4}-\d{2}$/.test(name) || Number.isNaN(from))
    throw new SetupError(`--month: write a month like 2026-11, not ${name}`);
  const begin = new Date(from);
  const to = Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1);
  return { name, from: from / 1000, to: to / 1000 };
}

/** Whether everything of a month is in a log whose last entry is of this time. */
export function isWhole({ to }: Month, through: number): boolean {
  return through >= to + LATENESS_SECONDS;
}

/**
 * A fee counts in the month of the time that the bank stated, which both logs have alike, if the same
 * log says that the inquiry was delivered, and once for each inquiry.
 */
export function chargesOf(entries: Iterable<Entry>, month: Month): Charges {
  const asked = new Map<string, Pick<ChargedInquiry, "people" | "model">>();
  const delivered = new Map<string, Pick<ChargedInquiry, "people" | "model">>();
  const charged = new Map<string, ChargedInquiry>();
  const problems: string[] = [];
  let through = 0;
  for (const { kind, body, seq, at } of entries) {
    through = at;
    // What is logged elsewhen is another month's.
    if (at < month.from - LATENESS_SECONDS || at > month.to + LATENESS_SECONDS) continue;
    if (kind === "intent" || kind === "batch")
      asked.set(hex(body.inquiry), { people: body.people, model: hex(body.model) });
    else if (kind === "result") {
      const id = hex(body.inquiry);
      const facts = asked.get(id);
      if (body.outcome === "delivered" && facts !== undefined) delivered.set(id, facts);
      asked.delete(id);
    } else if (kind === "fee" && body.asOf >= month.from && body.asOf < month.to) {
      const id = hex(body.inquiry);
      const facts = delivered.get(id);
      if (charged.has(id)) problems.push(`entry ${seq}: inquiry ${id} is charged a second time`);
      else if (facts === undefined)
        problems.push(`entry ${seq}: inquiry ${id} is charged, and was not delivered`);
      else charged.set(id, { ...body, ...facts, inquiry: id });
      delivered.delete(id);
    }
  }
  return { charged, problems, through };
}

/** What both logs charge alike, and what they do not: an inquiry that a crash cut short is in one only. */
export function agreed(
  one: Charges,
  other: Charges,
): { readonly charged: readonly ChargedInquiry[]; readonly differences: readonly string[] } {
  const charged: ChargedInquiry[] = [];
  const differences: string[] = [];
  for (const id of [...new Set([...one.charged.keys(), ...other.charged.keys()])].sort()) {
    const [mine, theirs] = [one.charged.get(id), other.charged.get(id)];
    if (mine === undefined) differences.push(`inquiry ${id} is charged in the second log only`);
    else if (theirs === undefined)
      differences.push(`inquiry ${id} is charged in the first log only`);
    else if (JSON.stringify(mine) !== JSON.stringify(theirs))
      differences.push(`inquiry ${id} is charged otherwise in the two logs`);
    else charged.push(mine);
  }
  return { charged, differences };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
