/**
 * Lets everything else that is due run before the caller goes on. Long work is cut in slices of a few
 * milliseconds with one of these between: heartbeats and inquiries are served meanwhile.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
