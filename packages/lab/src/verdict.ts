/** How a run ended, compared with the ideal. */
import { isDeepStrictEqual } from "node:util";
import type { Run } from "./run.ts";
import type { Subject } from "./specification.ts";

/** A run whose roles are not known to the types. */
export type AnyRun = Run<Readonly<Record<string, unknown>>>;

/** `refused`: somebody failed with an error that names a culprit, and nobody's output is wrong. */
export interface Verdict {
  readonly end: "correct" | "refused" | "wrong" | "hang" | "crash";
  readonly words: string;
}

/**
 * Judges a run. An error of code `internal` is a crash: a role met what it does not handle. With
 * `reconstruct`, outputs are judged only when all are there: a share alone means nothing.
 */
export function judged(subject: Subject, inputs: unknown, run: AnyRun): Verdict {
  const { outputs, errors, unfinished } = run;
  if (unfinished.length > 0) return { end: "hang", words: `${unfinished.join(", ")} never ended` };
  const crash = Object.values(errors).find(({ code }) => code === "internal");
  if (crash !== undefined) return { end: "crash", words: crash.message };
  const complete = subject.protocol.roles.every((role) => role in outputs);
  const wrong = wrongOutputs(subject, inputs, outputs, complete);
  if (wrong.length > 0) return { end: "wrong", words: wrong.join(", ") };
  return { end: complete ? "correct" : "refused", words: errorsOf(run) };
}

/** Why a run failed. */
export function errorsOf({ errors }: AnyRun): string {
  return Object.entries(errors)
    .map(([role, error]) => `${role} says ${error.message}`)
    .join("; ");
}

function wrongOutputs(
  { ideal, reconstruct }: Subject,
  inputs: unknown,
  outputs: Readonly<Record<string, unknown>>,
  complete: boolean,
): readonly string[] {
  const expected = ideal(inputs);
  if (reconstruct === undefined)
    return Object.entries(outputs)
      .filter(([role, output]) => !isDeepStrictEqual(output, (expected as typeof outputs)[role]))
      .map(([role]) => `the output of ${role}`);
  return !complete || isDeepStrictEqual(reconstruct(outputs), expected)
    ? []
    : ["the outputs together"];
}
