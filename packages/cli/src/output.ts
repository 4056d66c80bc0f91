/** How commands answer: text for people, one JSON object for scripts, errors on standard error. */

import { DocumentError } from "@moiety/model";
import { ControlError, SetupError } from "@moiety/node";
import { errorColours as pc } from "./colours.ts";
import { Interrupted } from "./interrupt.ts";

/** Prints `value` as one line of JSON, or else what `text` makes of it. */
export function answer<T>(value: T, json: boolean, text: (value: T) => string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text(value)}\n`);
}

/** Says what went wrong and sets the exit code; a stack only for what nobody foresaw. */
export function fail(error: unknown): void {
  const foreseen = FORESEEN.some((kind) => error instanceof kind);
  const plain = error instanceof Error ? error.message : String(error);
  const known = foreseen || (error instanceof Error && "code" in error);
  const shown = known || !(error instanceof Error) ? plain : (error.stack ?? plain);
  process.stderr.write(`${pc.red("error:")} ${shown}\n`);
  process.exitCode = error instanceof Interrupted ? INTERRUPTED_CODE : 1;
}

const FORESEEN = [SetupError, ControlError, DocumentError, Interrupted];
/** What shells report for a process that SIGINT ended. */
const INTERRUPTED_CODE = 130;
