/**
 * Golden transcripts: the bytes of one run, kept in the protocol's folder for other builds to
 * match.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type Findings, honestRun } from "./checks.ts";
import type { RecordedFrame } from "./ledger.ts";
import type { Subject } from "./specification.ts";
import { errorsOf } from "./verdict.ts";

/** Frames up to this length stand in the file in full. */
const IN_FULL_BYTES = 256;
const SEED = "golden";

export interface GoldenMessage {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly round: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly hex?: string;
}

export interface Golden {
  readonly protocol: string;
  readonly version: number;
  readonly seed: string;
  readonly messages: readonly GoldenMessage[];
}

/** The transcript of a run on the first inputs with the seed `golden`. */
export async function goldenOf(subject: Subject): Promise<Golden> {
  const run = await honestRun(subject, subject.inputs[0], SEED);
  if (Object.keys(run.errors).length > 0) throw new Error(errorsOf(run));
  const { name, version } = subject.protocol;
  return { protocol: name, version, seed: SEED, messages: run.frames.map(golden) };
}

/**
 * The transcript is the one in `file`. With `update` it is written there instead: a change of bytes
 * is then seen, and explained, in review.
 */
export async function goldenFindings(
  subject: Subject,
  file: string,
  update: boolean,
): Promise<Findings> {
  const now = await goldenOf(subject);
  if (update) writeFileSync(file, `${JSON.stringify(now, undefined, 2)}\n`);
  const kept = read(file);
  if (kept === undefined) return [`no golden transcript ${file}: run once with UPDATE_VECTORS=1`];
  const findings: string[] = [];
  for (const field of ["protocol", "version", "seed"] as const)
    if (kept[field] !== now[field]) findings.push(`${field}: ${kept[field]} became ${now[field]}`);
  if (kept.messages.length !== now.messages.length)
    findings.push(`${kept.messages.length} messages became ${now.messages.length}`);
  for (const [index, message] of kept.messages.entries()) {
    const { name, from, to } = message;
    if (JSON.stringify(message) !== JSON.stringify(now.messages[index]))
      findings.push(`message ${index}, ${name} from ${from} to ${to}, has changed`);
  }
  return findings;
}

function golden({ message, from, to, round, frame }: RecordedFrame): GoldenMessage {
  const bytes = frame.length;
  const sha256 = createHash("sha256").update(frame).digest("hex");
  const short = bytes <= IN_FULL_BYTES ? { hex: Buffer.from(frame).toString("hex") } : {};
  return { name: message, from, to, round, bytes, sha256, ...short };
}

function read(file: string): Golden | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Golden;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
