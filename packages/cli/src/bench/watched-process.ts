/** What the operating system says of a process: where Linux says so, else nothing. */
import { readFileSync } from "node:fs";

/** Ticks in which Linux counts CPU time, for every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Largest resident set since the process began, in bytes. */
export function peakBytes(pid: number): number | undefined {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`)) ?? [];
  return kibibytes === undefined ? undefined : 1024 * Number(kibibytes);
}

/** CPU time so far, user and system, in microseconds. */
export function cpuMicrosOf(pid: number): number | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything: proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]].map(Number);
  if (user === undefined || system === undefined || Number.isNaN(user + system)) return undefined;
  return ((user + system) / TICKS_PER_SECOND) * 1e6;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
