/** Structured logs. What goes in: names of parties, protocols, codes, counts, times. Never a person. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type DestinationStream, destination, type Logger, pino } from "pino";
import pretty from "pino-pretty";

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  readonly file?: string | undefined;
  /** Absent: pretty on a terminal, JSON lines elsewhere. */
  readonly format?: "json" | "pretty" | undefined;
}

/** Log to a file or to standard error. Synchronous: what was logged survives a crash. */
export function makeLog(node: string, { level, file, format }: LogOptions): Log {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const watched = file === undefined && process.stderr.isTTY === true;
  const sink =
    (format ?? (watched ? "pretty" : "json")) === "pretty" ? forPeople(watched, file) : lines(file);
  return pino({ level, base: { node }, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}

function lines(file: string | undefined): DestinationStream {
  return destination({ dest: file ?? 2, sync: true, ...(file && { mode: 0o600 }) });
}

function forPeople(colorize: boolean, file: string | undefined): DestinationStream {
  const shown = {
    colorize,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname",
  };
  return pretty({ ...shown, sync: true, destination: lines(file) });
}
