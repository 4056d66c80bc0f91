/** What each stage took, over all runs that worked on it: time, CPU and bytes, by party. */
import { existsSync, readFileSync } from "node:fs";
import type { NodeStatus } from "@moiety/node";
import { z } from "zod";
import { writeAtomically } from "./atomic-file.ts";

/** In the order of the story. */
export const STAGES = ["prepare", "start", "deposit", "certify", "single", "batch"] as const;
export type StageName = (typeof STAGES)[number];

const party = z.object({
  role: z.string(),
  cpuMicros: z.number(),
  sentBytes: z.number(),
  /** Bytes by `protocol.message`. */
  received: z.record(z.string(), z.number()),
});
const stage = z.object({
  seconds: z.number(),
  /** People, records or inquiries that it was about. */
  items: z.number(),
  parties: z.record(z.string(), party),
});
const content = z.object({
  /** A run was killed before it could be measured: the figures are less than the truth. */
  cutOff: z.boolean(),
  /** A run is under way, or was when it was killed. */
  open: z.boolean(),
  /** How many have worked on it. */
  runs: z.int(),
  stages: z.partialRecord(z.enum(STAGES), stage),
});

export type PartyFigures = z.infer<typeof party>;
export type StageFigures = z.infer<typeof stage>;

export class Ledger {
  readonly #file: string;
  #content: z.infer<typeof content>;
  /** What each process had used when it was last looked at; each starts at nothing. */
  #seen = new Map<number, PartyFigures>();

  constructor(file: string) {
    this.#file = file;
    this.#content = readContent(file);
    this.#content.cutOff ||= this.#content.open;
    this.#content.open = true;
    this.#content.runs += 1;
    this.#write();
  }

  /** Some run was killed, and what it used is not in the figures. */
  get cutOff(): boolean {
    return this.#content.cutOff;
  }

  get runs(): number {
    return this.#content.runs;
  }

  of(name: StageName): StageFigures | undefined {
    return this.#content.stages[name];
  }

  /** Books on a stage the time given, and all that nodes have used since they were last looked at. */
  book(name: StageName, seconds: number, items: number, statuses: readonly NodeStatus[]): void {
    const before = this.#content.stages[name] ?? { seconds: 0, items: 0, parties: {} };
    const parties = { ...before.parties };
    for (const status of statuses) {
      const now = figuresOf(status);
      const used = difference(now, this.#seen.get(status.pid));
      parties[status.node] = sum(parties[status.node], used);
      this.#seen.set(status.pid, now);
    }
    this.#content.stages[name] = {
      seconds: before.seconds + seconds,
      items: before.items + items,
      parties,
    };
    this.#write();
  }

  /** All stages together, by party. */
  totals(): Map<string, PartyFigures> {
    const totals = new Map<string, PartyFigures>();
    for (const { parties } of Object.values(this.#content.stages))
      for (const [name, figures] of Object.entries(parties))
        totals.set(name, sum(totals.get(name), figures));
    return totals;
  }

  /** The run has ended in good order. */
  close(): void {
    this.#content.open = false;
    this.#write();
  }

  #write(): void {
    writeAtomically(this.#file, `${JSON.stringify(this.#content)}\n`);
  }
}

/** Damaged figures are no reason not to go on: they count as lost. */
function readContent(file: string): z.infer<typeof content> {
  if (!existsSync(file)) return { cutOff: false, open: false, runs: 0, stages: {} };
  try {
    return content.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return { cutOff: true, open: false, runs: 0, stages: {} };
  }
}

function figuresOf({ role, cpuMicros, traffic }: NodeStatus): PartyFigures {
  const received = Object.entries(traffic.received).map(([kind, { bytes }]) => [kind, bytes]);
  return {
    role,
    cpuMicros,
    sentBytes: Object.values(traffic.sent).reduce((total, { bytes }) => total + bytes, 0),
    received: Object.fromEntries(received) as Record<string, number>,
  };
}

function sum(x: PartyFigures | undefined, y: PartyFigures): PartyFigures {
  return x === undefined ? y : combined(x, y, 1);
}

function difference(now: PartyFigures, before: PartyFigures | undefined): PartyFigures {
  return before === undefined ? now : combined(now, before, -1);
}

function combined(x: PartyFigures, y: PartyFigures, sign: 1 | -1): PartyFigures {
  const received = { ...x.received };
  for (const [kind, bytes] of Object.entries(y.received))
    received[kind] = (received[kind] ?? 0) + sign * bytes;
  return {
    role: x.role,
    cpuMicros: x.cpuMicros + sign * y.cpuMicros,
    sentBytes: x.sentBytes + sign * y.sentBytes,
    received,
  };
}
