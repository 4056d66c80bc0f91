/** Ctrl-C while a command waits for a node: the request ends, and the command tidies up after itself. */

/** The person at the keyboard has had enough; the message says what is left to do, if anything. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Aborts, with an `Interrupted` as its reason, at the first SIGINT or SIGTERM; the next one kills. */
export function untilInterrupted(message: string): AbortSignal {
  const controller = new AbortController();
  const reason = new Interrupted(message);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => controller.abort(reason));
  return controller.signal;
}
