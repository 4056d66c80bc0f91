/** From V8 CPU profiles to the functions in which a process spent its time. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface HotFunction {
  readonly name: string;
  readonly selfMs: number;
  /** Of the time in which the process did not idle, 0..1. */
  readonly share: number;
}

/** Idle time, and the profiler's own beginning and end. */
const NOT_WORK = ["(idle)", "dispatch"];

/** Functions by their own time, hottest first, without the idle time. */
export function hottest(profileText: string, count: number): HotFunction[] {
  const { nodes, samples, timeDeltas } = JSON.parse(profileText) as CpuProfile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const micros = new Map<string, number>();
  for (const [at, id] of samples.entries()) {
    const name = names.get(id) ?? "(unknown)";
    micros.set(name, (micros.get(name) ?? 0) + (timeDeltas[at] ?? 0));
  }
  for (const name of NOT_WORK) micros.delete(name);
  const total = [...micros.values()].reduce((sum, each) => sum + each, 0);
  return [...micros]
    .sort(([, x], [, y]) => y - x)
    .slice(0, count)
    .map(([name, time]) => ({ name, selfMs: time / 1000, share: time / total }));
}

/** A table per profile in the folder. */
export function profileTables(folder: string, count: number): string {
  const files = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
  return files
    .map((file) => {
      const rows = hottest(readFileSync(join(folder, file), "utf8"), count).map(
        ({ name, selfMs, share }) =>
          `  ${(100 * share).toFixed(1).padStart(5)} %  ${selfMs.toFixed(0).padStart(7)} ms  ${name}`,
      );
      return [`${basename(file, ".cpuprofile")} (${join(folder, file)})`, ...rows].join("\n");
    })
    .join("\n\n");
}

function placeOf({
  functionName,
  url,
  lineNumber,
}: CpuProfile["nodes"][number]["callFrame"]): string {
  const place = url === "" ? "" : ` ${url.split("/").slice(-3).join("/")}:${lineNumber + 1}`;
  return `${functionName === "" ? "(anonymous)" : functionName}${place}`;
}
