/** The end of a node that met a fault of its own: what it was is in the log, whatever level that has. */
import type { Log } from "./log.ts";

/** What is used of `process`. */
export interface FaultySource {
  on(
    event: "uncaughtException",
    take: (error: unknown, origin: "uncaughtException" | "unhandledRejection") => void,
  ): unknown;
  exit(code: number): unknown;
}

/**
 * From now on an exception that nobody catches, or a rejection that nobody handles, is logged as
 * `fatal` before the process ends with code 1. Nothing is tidied up: what the state is, nobody knows,
 * and what was acknowledged is on disk. Of what is no `Error` only the type is told: it may be anything.
 */
export function endOnFault(log: Log, source: FaultySource): void {
  source.on("uncaughtException", (error, origin) => {
    try {
      log.fatal({ origin, ...factsOf(error) }, "a fault of this program: the node ends");
    } finally {
      source.exit(1);
    }
  });
}

function factsOf(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, message, stack = "" } = error;
  return { name, error: message, stack };
}
