/**
 * Disputes at a bureau: kept and logged before they are acknowledged, flagged with every later answer about
 * the person, ended by whom they are against or by the person, and reported when that comes too late.
 */
import { commitment, type Draft } from "@moiety/ledger";
import { DocumentError } from "@moiety/model";
import {
  type ConsentPseudonym,
  type Dispute,
  daysMs,
  disputeName,
  disputeProblem,
  endsDispute,
  openDispute,
  openResolution,
  type PurposePolicy,
  type Resolution,
  type Roster,
} from "@moiety/policy";
import { after, key, type Store, type Table } from "../../store.ts";
import { aboutKey } from "./about-key.ts";
import type { Commit, Subjects } from "./subjects.ts";

/** Where the policy does not say how long a party has to answer. */
const ANSWERED_WITHIN = "30d";
/** About one person: open at a time, and ever. More are somebody filling the disk. */
const MAX_OPEN = 16;
const MAX_EVER = 256;
/** Deadlines that are looked at in one pass. */
const AT_ONCE = 64;

export interface DisputesParts {
  readonly store: Store;
  readonly roster: () => Roster;
  readonly policy: () => PurposePolicy;
  readonly now: () => number;
  readonly commit: Commit;
  readonly subjects: Pick<Subjects, "peopleOf">;
}

/** A dispute as this bureau has it. */
export interface HeldDispute {
  readonly dispute: Dispute;
  /** By when it has to be answered, seconds since 1970. */
  readonly due: number;
  readonly isOverdue: boolean;
  /** How it ended; undefined while it is open. */
  readonly ended: Pick<Resolution, "outcome" | "closedAt"> | undefined;
}

/** What the supervisor has to be told: a dispute that is overdue, or what ended one after all. */
export interface Report {
  readonly place: Buffer;
  readonly kind: "dispute" | "resolution";
  readonly document: Uint8Array;
}

const OPEN = Buffer.of(1);
const ENDED = Buffer.of(0);

export class Disputes {
  readonly #parts: DisputesParts;
  /** Name → the file, when it is due, about whom, how it ended. */
  readonly #disputes: Table;
  /** (N_c, epoch, name) → whether it is open. */
  readonly #about: Table;
  /** (due in seconds, name) → nothing: those open ones whose deadline has not passed. */
  readonly #due: Table;
  /** (name, 0 or 1) → the file that is to be reported. */
  readonly #reports: Table;
  /** One after the other: each is judged by what those before it left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: DisputesParts) {
    const { store } = parts;
    this.#parts = parts;
    this.#disputes = store.table("disputes");
    this.#about = store.table("disputes-about");
    this.#due = store.table("disputes-due");
    this.#reports = store.table("dispute-reports");
  }

  /** Takes a document durably; resolves with what is wrong with it, or with nothing. */
  take(kind: "dispute" | "resolution", document: Uint8Array): Promise<string> {
    return this.#next(async () => {
      try {
        return await (kind === "dispute" ? this.#open(document) : this.#end(document));
      } catch (error) {
        if (error instanceof DocumentError) return error.inOneLine(500);
        throw error;
      }
    });
  }

  /** Whether something about this person is in dispute. */
  isOpenAbout(person: ConsentPseudonym): boolean {
    const prefix = aboutKey(person);
    for (const { value } of this.#about.getRange({ start: prefix, end: after(prefix) }))
      if (value.equals(OPEN)) return true;
    return false;
  }

  /** All about a person, ended ones too. */
  about(person: ConsentPseudonym): HeldDispute[] {
    return this.#namesAbout(person).flatMap((name) => {
      const kept = this.#get(name);
      if (kept === undefined) return [];
      const { due, isOverdue, ended } = kept;
      return [{ dispute: disputeIn(kept), due, isOverdue, ended }];
    });
  }

  /** Notes, durably and in the log, whose deadline has passed. */
  async expire(): Promise<void> {
    for (;;) {
      const end = key(Math.floor(this.#parts.now() / 1000));
      const late = [...this.#due.getKeys({ end, limit: AT_ONCE })].map((each) => Buffer.from(each));
      if (late.length === 0) return;
      for (const place of late) await this.#next(() => this.#expire(place));
    }
  }

  /** What is to be reported, in the order in which it came about for each dispute. */
  reports(): Report[] {
    return [...this.#reports.getRange({ limit: AT_ONCE })].map((each) => ({
      place: Buffer.from(each.key),
      kind: each.key.at(-1) === 0 ? "dispute" : "resolution",
      document: Uint8Array.from(each.value),
    }));
  }

  async reported({ place }: Report): Promise<void> {
    await this.#reports.remove(place);
  }

  async #open(document: Uint8Array): Promise<string> {
    const { roster, policy, now, subjects, commit } = this.#parts;
    const dispute = openDispute(document, roster());
    const name = Buffer.from(disputeName(document));
    if (this.#disputes.get(name) !== undefined) return "";
    const problem = disputeProblem(dispute, roster());
    if (problem !== undefined) return problem;
    const people = subjects.peopleOf(dispute.subject.key);
    if (people.length === 0) return "subject-unknown: nobody vouches for this key, or no longer";
    for (const person of people) {
      const all = this.#namesAbout(person);
      const open = all.filter((each) => this.#get(each)?.ended === undefined);
      if (open.length >= MAX_OPEN || all.length >= MAX_EVER)
        return `too many disputes: ${open.length} are open, and there were ${all.length} in all`;
    }
    const due = Math.floor((now() + daysMs(policy().disputesWithin ?? ANSWERED_WITHIN)) / 1000);
    const kept: Kept = { file: base64(document), due, isOverdue: false, people };
    const { against } = dispute;
    const body = { dispute: digestOf(document), party: against, due };
    await commit([{ kind: "dispute-opened", body }], () => {
      this.#put(name, kept);
      for (const person of people) void this.#about.put(key(aboutKey(person), name), OPEN);
      void this.#due.put(key(due, name), OPEN);
    });
    return "";
  }

  async #end(document: Uint8Array): Promise<string> {
    const { roster, subjects, commit } = this.#parts;
    const resolution = openResolution(document, roster());
    const name = Buffer.from(resolution.dispute, "hex");
    const kept = this.#get(name);
    if (kept === undefined) return "dispute-unknown: hand in the dispute first";
    const file = Uint8Array.from(Buffer.from(kept.file, "base64"));
    const dispute = disputeIn(kept);
    if (!endsDispute(resolution, file, dispute))
      return `dispute-other-party: only ${dispute.against} or the person can end it`;
    const { party, subject, outcome, closedAt } = resolution;
    if (party === undefined && subjects.peopleOf(subject.key).length === 0)
      return "subject-unknown: nobody vouches for this key, or no longer";
    if (kept.ended !== undefined)
      return kept.ended.outcome === outcome ? "" : `it ended before: ${kept.ended.outcome}`;
    const statement = commitment("statement", disputeName(document), document);
    const draft: Draft = {
      kind: "dispute-closed",
      body: { dispute: digestOf(file), party: dispute.against, statement, outcome },
    };
    await commit([draft], () => {
      this.#put(name, { ...kept, ended: { outcome, closedAt } });
      for (const person of kept.people) void this.#about.put(key(aboutKey(person), name), ENDED);
      void this.#due.remove(key(kept.due, name));
      if (kept.isOverdue) void this.#reports.put(key(name, AFTER), Buffer.from(document));
    });
    return "";
  }

  async #expire(place: Buffer): Promise<void> {
    const name = place.subarray(4);
    const kept = this.#get(name);
    if (kept === undefined || kept.ended !== undefined) {
      await this.#due.remove(place); // ended in the meantime
      return;
    }
    const file = Buffer.from(kept.file, "base64");
    const body = { dispute: digestOf(Uint8Array.from(file)), party: disputeIn(kept).against };
    await this.#parts.commit([{ kind: "dispute-overdue", body }], () => {
      this.#put(name, { ...kept, isOverdue: true });
      void this.#due.remove(place);
      void this.#reports.put(key(name, BEFORE), file);
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const doing = this.#last.then(work);
    this.#last = doing.catch(() => {});
    return doing;
  }

  #namesAbout(person: ConsentPseudonym): Buffer[] {
    const prefix = aboutKey(person);
    const places = [...this.#about.getKeys({ start: prefix, end: after(prefix) })];
    return places.map((place) => Buffer.from(place.subarray(prefix.length)));
  }

  #get(name: Buffer): Kept | undefined {
    const value = this.#disputes.get(name);
    return value === undefined ? undefined : (JSON.parse(value.toString()) as Kept);
  }

  #put(name: Buffer, kept: Kept): void {
    void this.#disputes.put(name, Buffer.from(JSON.stringify(kept)));
  }
}

const BEFORE = Uint8Array.of(0);
const AFTER = Uint8Array.of(1);

interface Kept {
  readonly file: string;
  readonly due: number;
  readonly isOverdue: boolean;
  readonly people: readonly ConsentPseudonym[];
  readonly ended?: Pick<Resolution, "outcome" | "closedAt">;
}

/** What was verified when it came in. */
function disputeIn({ file }: Kept): Dispute {
  const text = Buffer.from(file, "base64").toString();
  return (JSON.parse(text) as { readonly dispute: Dispute }).dispute;
}

/** Hiding, for the file has a signature that nobody can guess. */
function digestOf(file: Uint8Array): Uint8Array {
  return commitment("dispute", disputeName(file), file);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
