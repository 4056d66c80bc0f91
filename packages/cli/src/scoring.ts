/** `moiety score` for one person; a CSV of them: `batch.ts`. */

import { readFileSync } from "node:fs";
import type { IdentifierType } from "@moiety/model";
import { callNode, type ScoreAnswer, SetupError } from "@moiety/node";
import type { Target } from "./target.ts";

export interface ScoreOptions {
  readonly type: IdentifierType;
  /** Of phone numbers without `+`: where they are dialled from, e.g. `CN`. */
  readonly region?: string;
  /** Of national identification numbers. */
  readonly scheme?: string;
  readonly model?: string;
  readonly purpose?: string;
  /** One for each person. */
  readonly consents?: readonly string[];
}

/** Consents of a file, one a line. */
export function readConsents(file: string): string[] {
  const lines = readText(file).split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const empty = lines.findIndex((line) => line.trim() === "");
  if (empty >= 0)
    throw new SetupError(`${file}: line ${empty + 1} is empty; write one consent a line`);
  return lines.map((line) => line.trim());
}

/** Scores the one identifier in a file, or on standard input for `-`: never an argument, which others can see. */
export async function scoreOne(
  { socket }: Target,
  file: string,
  options: ScoreOptions,
): Promise<ScoreAnswer> {
  const lines = readText(file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  if (lines.length !== 1)
    throw new SetupError(`${file}: expected one identifier on one line, found ${lines.length}`);
  return callNode<ScoreAnswer>(socket, "/score", { body: { identifiers: lines, ...options } });
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${file} cannot be read (${code})`);
  }
}
