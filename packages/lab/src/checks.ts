/** The checks of conformance. Each returns its findings in words: none means that it holds. */
import { isDeepStrictEqual } from "node:util";
import type { Cost } from "@moiety/kit";
import type { LinkKind } from "./fabric.ts";
import type { RecordedFrame } from "./ledger.ts";
import { type Recording, replayRole } from "./replay.ts";
import { runProtocol } from "./run.ts";
import type { Subject } from "./specification.ts";
import { type AnyRun, judged } from "./verdict.ts";

export type Findings = readonly string[];

/** An honest run with the machine's clock. */
export function honestRun(
  { protocol, plays }: Subject,
  inputs: unknown,
  seed: string,
  links: LinkKind = "memory",
): Promise<AnyRun> {
  return runProtocol(protocol, plays(inputs), { seed, links });
}

/** Runs without interference give what the ideal functionality gives. */
export async function honestFindings(
  subject: Subject,
  links: LinkKind,
  seeds: readonly string[],
): Promise<Findings> {
  const findings: string[] = [];
  for (const [index, inputs] of subject.inputs.entries())
    for (const seed of seeds) {
      const run = await honestRun(subject, inputs, seed, links);
      const { end, words } = judged(subject, inputs, run);
      if (end !== "correct") findings.push(`inputs ${index}, seed ${seed}: ${end}: ${words}`);
    }
  return findings;
}

/** What is sent is what `cost` declares: per message the number and the bytes, and the rounds. */
export async function costFindings(subject: Subject): Promise<Findings> {
  const findings: string[] = [];
  for (const [index, inputs] of subject.inputs.entries()) {
    const declared = subject.cost(inputs);
    const { frames, rounds } = await honestRun(subject, inputs, "cost");
    const sent = amountsOf(frames);
    for (const name of new Set([...Object.keys(declared.messages), ...Object.keys(sent)])) {
      const [said, was] = [inWords(declared.messages[name]), inWords(sent[name])];
      if (said !== was) findings.push(`inputs ${index}, ${name}: declared ${said}, sent ${was}`);
    }
    if (declared.rounds !== rounds)
      findings.push(`inputs ${index}: declared ${declared.rounds} rounds, took ${rounds}`);
  }
  return findings;
}

/**
 * A run is determined by its inputs and its seed, and each role by its input, its randomness and
 * what it received: run by itself, its whole inbox there from the start, it sends the same bytes.
 */
export async function determinismFindings(subject: Subject): Promise<Findings> {
  const seed = "determinism";
  const findings: string[] = [];
  for (const [index, inputs] of subject.inputs.entries()) {
    const first = await honestRun(subject, inputs, seed);
    const second = await honestRun(subject, inputs, seed);
    if (!isDeepStrictEqual(first.frames, second.frames))
      findings.push(`inputs ${index}: two runs with one seed sent different bytes`);
    for (const role of subject.protocol.roles) {
      const words = await replayFinding(subject, role, inputs, seed, first);
      if (words !== undefined) findings.push(`inputs ${index}, ${role} replayed: ${words}`);
    }
  }
  return findings;
}

async function replayFinding(
  { protocol, plays }: Subject,
  role: string,
  inputs: unknown,
  seed: string,
  { frames, outputs, sessionId = new Uint8Array(16) }: AnyRun,
): Promise<string | undefined> {
  const play = plays(inputs)[role];
  if (play === undefined) return "nobody plays it";
  const recording: Recording = { seed, sessionId, frames };
  try {
    const { sent, output } = await replayRole(protocol, role, play, recording);
    for (const [to, again] of sent) {
      const before = frames.filter((flight) => flight.from === role && flight.to === to);
      if (
        !isDeepStrictEqual(
          again,
          before.map(({ frame }) => frame),
        )
      )
        return `sends other bytes to ${to}`;
    }
    return isDeepStrictEqual(output, outputs[role]) ? undefined : "gives another output";
  } catch (error) {
    return error instanceof Error ? error.message : "fails";
  }
}

type Amount = Cost["messages"][string];

function amountsOf(frames: readonly RecordedFrame[]): Readonly<Record<string, Amount>> {
  const sent: Record<string, Amount> = {};
  for (const { message, frame } of frames) {
    const { count, bytes } = sent[message] ?? { count: 0, bytes: 0 };
    sent[message] = { count: count + 1, bytes: bytes + frame.length };
  }
  return sent;
}

function inWords({ count, bytes }: Amount = { count: 0, bytes: 0 }): string {
  return `${count} of ${bytes} bytes together`;
}
