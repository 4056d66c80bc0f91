/** Errors that nobody waits for. */

export interface Watched<T> {
  readonly result: T;
  /** In words, each once. */
  readonly unhandled: readonly string[];
}

const EVENTS = ["unhandledRejection", "uncaughtException"] as const;

/**
 * Runs `work` and tells which rejections and exceptions nobody handled meanwhile. They would end a
 * node's process; here they are a finding, and reach nobody else's handler.
 */
export async function watchUnhandled<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const unhandled = new Set<string>();
  const note = (error: unknown): unknown => unhandled.add(String(error));
  const others = EVENTS.map((event) => [event, process.listeners(event as never)] as const);
  for (const event of EVENTS) {
    process.removeAllListeners(event);
    process.on(event, note);
  }
  try {
    const result = await work();
    // Node tells of a rejection once the microtasks of its turn are done.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return { result, unhandled: [...unhandled] };
  } finally {
    for (const [event, listeners] of others) {
      process.off(event, note);
      for (const listener of listeners) process.on(event, listener as () => void);
    }
  }
}
