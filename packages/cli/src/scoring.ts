/** `moiety score`: one person, or a CSV of them. */

import { createReadStream, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type IdentifierType, readIdentifiersCsv } from "@moiety/model";
import {
  callNode,
  MAX_REQUEST_IDENTIFIERS,
  type ScoreAnswer,
  SetupError,
  streamNode,
} from "@moiety/node";
import { progressBar } from "./progress.ts";
import type { Target } from "./target.ts";

export interface ScoreOptions {
  readonly type: IdentifierType;
  readonly model?: string;
  readonly purpose?: string;
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

export interface BatchAnswer {
  readonly people: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly output: string;
}

/**
 * Scores everybody in a CSV; the output appears whole or not at all. Throws the reason of `signal`
 * when that is aborted.
 */
export async function scoreBatch(
  { socket }: Target,
  input: string,
  output: string,
  options: ScoreOptions,
  quiet: boolean,
  signal?: AbortSignal,
): Promise<BatchAnswer> {
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory())
    throw new SetupError(`${output} is a folder; name a file for the scores`);
  const source = input === "-" ? process.stdin : createReadStream(input);
  const { asWritten } = await readIdentifiersCsv(source, options.type, {}, input);
  const progress = progressBar(quiet);
  const started = performance.now();
  const unfinished = `${output}.part`;
  // Made anew and by nobody else: a file that somebody put there would keep its mode, or be a link.
  rmSync(unfinished, { force: true });
  const file = await created(unfinished, output);
  try {
    await file.writeFile("id,score\n");
    let done = 0;
    for (let start = 0; start < asWritten.length; start += MAX_REQUEST_IDENTIFIERS) {
      const identifiers = asWritten.slice(start, start + MAX_REQUEST_IDENTIFIERS);
      const request = { body: { identifiers, ...options }, ...(signal && { signal }) };
      for await (const { scores } of streamNode<{ scores: number[] }>(socket, "/batch", request)) {
        const lines = scores.map(
          (score, at) => `${quoted(asWritten[done + at] as string)},${score}\n`,
        );
        done += scores.length;
        await file.writeFile(lines.join(""));
        progress.update(done, asWritten.length, "scoring");
      }
    }
    if (done !== asWritten.length)
      throw new SetupError(`the node answered for ${done} of ${asWritten.length} people`);
    await file.close();
    renameSync(unfinished, output);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  } finally {
    await file.close();
    progress.stop();
  }
  const seconds = (performance.now() - started) / 1000;
  return { people: asWritten.length, seconds, perSecond: asWritten.length / seconds, output };
}

async function created(unfinished: string, output: string): Promise<FileHandle> {
  try {
    return await open(unfinished, "wx", 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new SetupError(`${output} cannot be written (${code}); check the path and its rights`);
  }
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${file} cannot be read (${code})`);
  }
}
