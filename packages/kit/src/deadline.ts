import type { Clock } from "./link.ts";

/**
 * `awaited`, or a rejection with `late()` once it has taken longer than `ms` (`Infinity`: never).
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  awaited: Promise<T>,
  late: () => Error,
): Promise<T> {
  if (ms === Number.POSITIVE_INFINITY) return awaited; // a timer would fire at once
  let cancel = (): void => {};
  const deadline = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(late()));
  });
  try {
    return await Promise.race([awaited, deadline]);
  } finally {
    cancel();
  }
}
