/** Whoever waits for a turn of the event loop, first come, first served. */
const waiting: (() => void)[] = [];

/**
 * Lets everything else that is due run before the caller goes on. Long work is cut in slices of a few
 * milliseconds with one of these between: heartbeats and inquiries are served meanwhile. One caller goes on
 * in each turn of the loop: of many at work at a time, each turn would else have a slice of every one.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(release);
  });
}

function release(): void {
  const next = waiting.shift();
  if (waiting.length > 0) setImmediate(release);
  next?.();
}
