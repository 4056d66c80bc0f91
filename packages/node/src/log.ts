/** Structured logs. What goes in: names of parties, protocols, codes, counts, times. Never a person. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { destination, type Logger, pino } from "pino";

export type Log = Logger;

export interface LogOptions {
  readonly level: string;
  readonly file?: string | undefined;
}

/** JSON lines to a file or to standard error. Synchronous: what was logged survives a crash. */
export function makeLog(node: string, { level, file }: LogOptions): Log {
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const sink = destination({ dest: file ?? 2, sync: true, ...(file && { mode: 0o600 }) });
  return pino({ level, base: { node }, timestamp: pino.stdTimeFunctions.isoTime }, sink);
}
