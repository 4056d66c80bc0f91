/** How much memory processes have, by what Linux says; nothing elsewhere. */
import { readFileSync } from "node:fs";

const LOOK_MS = 100;

/** Megabytes of each process's own, by name: without pages of files, which the kernel takes back. */
export type Memory = Readonly<Record<string, number>>;

/** `undefined` where the system does not say. */
export function ownMegabytes(pid: number): number | undefined {
  try {
    const [, kibibytes] =
      /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? undefined : (1024 * Number(kibibytes)) / 1e6;
  } catch {
    return undefined;
  }
}

/** Keeps looking until it is stopped; then gives the most that each process had. */
export function watchPeaks(pids: () => Readonly<Record<string, number>>): () => Memory {
  const peaks: Record<string, number> = {};
  const look = setInterval(() => {
    for (const [name, pid] of Object.entries(pids()))
      peaks[name] = Math.max(peaks[name] ?? 0, ownMegabytes(pid) ?? 0);
  }, LOOK_MS);
  return () => {
    clearInterval(look);
    return peaks;
  };
}
