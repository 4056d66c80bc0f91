/** All that a party received, sent, stored, logged and printed, as bytes to be searched. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Canary } from "./canaries.ts";
import { unframe } from "./frames.ts";

/**
 * - `wire`: connections, as the process sees them inside TLS; `messages`: the same without frames;
 * - `box`: what came out of sealed boxes; `control`: the control socket; `file`: files read and written;
 * - `store`, `log`: what is on disk afterwards; `printed`: standard output and error;
 * - `process`: arguments and environment.
 */
export const MEDIA = [
  ...(["wire", "messages", "box", "control", "file"] as const),
  ...(["store", "log", "printed", "process"] as const),
] as const;
export type Medium = (typeof MEDIA)[number];

/** Nobody may have anything there, not even what it may hold. */
const OPEN_MEDIA: ReadonlySet<Medium> = new Set<Medium>(["log", "printed", "process"]);

export interface Haystack {
  readonly party: string;
  readonly medium: Medium;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of a wire: bytes at its end that are no whole frame. */
  readonly rest?: number;
}

export function allowed({ holders }: Canary, { party, medium }: Haystack): boolean {
  return holders.has(party) && !OPEN_MEDIA.has(medium);
}

const KINDS: Readonly<Record<string, Medium>> = {
  tls: "wire",
  tcp: "wire",
  pipe: "control",
  file: "file",
  box: "box",
};

/** What tap.mjs kept of one party's processes; `folder` as given to it. */
export function tapped(party: string, folder: string): Haystack[] {
  return readdirSync(folder).flatMap((name): Haystack[] => {
    const kind = name.split(".")[1] as string;
    const [medium, bytes] = [KINDS[kind] as Medium, readFileSync(join(folder, name))];
    if (kind !== "tls") return [{ party, medium, name, bytes }];
    const { messages, channels, bodies, rest } = unframe(bytes);
    return [
      { party, medium, name, bytes, rest },
      { party, medium: "messages", name: `${name} messages`, bytes: messages },
      { party, medium: "messages", name: `${name} channels`, bytes: channels },
      { party, medium: "messages", name: `${name} bodies`, bytes: bodies },
    ];
  });
}

/** Every file under a folder. */
export function onDisk(party: string, folder: string): Haystack[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => {
      const medium = name.startsWith("data/") ? "store" : name.endsWith(".log") ? "log" : "file";
      return { party, medium, name, bytes: readFileSync(join(folder, name)) };
    });
}

/** What others on the machine can see of a running process; empty where there is no /proc. */
export function ofProcess(party: string, pid: number): Haystack[] {
  return ["cmdline", "environ"].flatMap((name): Haystack[] => {
    try {
      const bytes = readFileSync(`/proc/${pid}/${name}`);
      return [{ party, medium: "process", name, bytes }];
    } catch {
      return [];
    }
  });
}

/** Bytes in all. */
export function volume(haystacks: readonly Haystack[]): number {
  return haystacks.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
