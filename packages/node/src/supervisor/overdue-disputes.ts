/** Disputes that bureaus report as not answered in time: what the supervisor has to look after. */
import { DocumentError } from "@moiety/model";
import {
  type Dispute,
  disputeName,
  endsDispute,
  openDispute,
  openResolution,
  type Roster,
} from "@moiety/policy";
import { after, key, type Store, type Table } from "../store.ts";

/** Of one bureau at a time. */
const MAX_OF_ONE = 10_000;

export class OverdueDisputes {
  /** (bureau, name) → the person's file. */
  readonly #table: Table;
  readonly #roster: () => Roster;
  /** Until the next change: health is asked for often. */
  #counts: ReadonlyMap<string, number> | undefined;

  constructor(store: Store, roster: () => Roster) {
    this.#table = store.table("overdue-disputes");
    this.#roster = roster;
  }

  /** Takes a bureau's report durably; resolves with what is wrong with it, or with nothing. */
  async take(kind: string, document: Uint8Array, bureau: string): Promise<string> {
    try {
      if (kind === "dispute") return await this.#open(document, bureau);
      if (kind === "resolution") return await this.#end(document, bureau);
      return "the supervisor takes reports of disputes only";
    } catch (error) {
      if (error instanceof DocumentError) return error.inOneLine(500);
      throw error;
    }
  }

  /** How many are open, by the party that has not answered; each counts once, whoever reported it. */
  counts(): ReadonlyMap<string, number> {
    if (this.#counts !== undefined) return this.#counts;
    const seen = new Set<string>();
    const counts = new Map<string, number>();
    for (const { value } of this.#table.getRange()) {
      const name = Buffer.from(disputeName(Uint8Array.from(value))).toString("hex");
      if (seen.has(name)) continue;
      seen.add(name);
      const { against } = disputeIn(value);
      counts.set(against, (counts.get(against) ?? 0) + 1);
    }
    this.#counts = counts;
    return counts;
  }

  async #open(document: Uint8Array, bureau: string): Promise<string> {
    openDispute(document, this.#roster());
    const own = key(bureau);
    if (this.#table.getCount({ start: own, end: after(own) }) >= MAX_OF_ONE)
      return `over ${MAX_OF_ONE} disputes of ${bureau} are overdue: see to those first`;
    await this.#table.put(key(bureau, disputeName(document)), Buffer.from(document));
    this.#counts = undefined;
    return "";
  }

  async #end(document: Uint8Array, bureau: string): Promise<string> {
    const resolution = openResolution(document, this.#roster());
    const place = key(bureau, Buffer.from(resolution.dispute, "hex"));
    const file = this.#table.get(place);
    if (file === undefined) return "";
    if (!endsDispute(resolution, Uint8Array.from(file), disputeIn(file)))
      return "not by the party that the dispute is against, nor by the person";
    await this.#table.remove(place);
    this.#counts = undefined;
    return "";
  }
}

/** What was verified when it came in. */
function disputeIn(file: Buffer): Dispute {
  return (JSON.parse(file.toString()) as { readonly dispute: Dispute }).dispute;
}
