/** A folder that outlives a run: made from certain data, used by one run at a time. */
import { createHash } from "node:crypto";
import {
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { SetupError } from "@moiety/node";
import { z } from "zod";
import { writeAtomically } from "./atomic-file.ts";

/** What a network is made from: digests, or values, by what they are of (`data set`, `mapping`). */
export type Origin = Readonly<Record<string, string>>;

/** Counts up when what is in a kept folder changes its meaning. */
const FORMAT = 1;
const NOTE = "kept.json";
const LOCK = "lock";
/** What a run may leave behind that was killed before there was a note. */
const SCRAPS: ReadonlySet<string> = new Set([LOCK, `${NOTE}.part`]);

const note = z.object({
  kind: z.literal("moiety-demo"),
  format: z.int(),
  origin: z.record(z.string(), z.string()),
});

export interface KeptFolder {
  readonly path: string;
  /** Lets the next run in. */
  release(): void;
}

/**
 * Opens the folder for this run, making it if need be. Refuses, with what to do, one that was made
 * from something else, that another run works in, or that is not such a folder at all.
 *
 * @param fresh deletes what was kept there, if it is a kept folder.
 */
export function openKept(path: string, origin: Origin, fresh: boolean): KeptFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = readNote(path);
  if (found === undefined && readdirSync(path).some((name) => !SCRAPS.has(name)))
    throw new SetupError(`${path} holds something else: name an empty or a new folder with --keep`);
  const release = lock(join(path, LOCK), path);
  try {
    if (fresh)
      for (const name of readdirSync(path).filter((name) => name !== LOCK))
        rmSync(join(path, name), { recursive: true });
    else if (found !== undefined) refuseOther(path, found, origin);
    const content = { kind: "moiety-demo", format: FORMAT, origin };
    writeAtomically(join(path, NOTE), `${JSON.stringify(content, undefined, 2)}\n`);
  } catch (error) {
    release();
    throw error;
  }
  return { path, release };
}

/** SHA-256 of a file, hex. Throws `SetupError` when it cannot be read. */
export async function digestOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${file} cannot be read (${code})`);
  }
  return hash.digest("hex");
}

/** SHA-256, hex, of what a kept folder was made from; nothing in it is secret from its owner. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function refuseOther(path: string, found: z.infer<typeof note>, origin: Origin): void {
  const wayOut =
    "run with --fresh to start over (what is kept there is deleted), or name another folder with --keep";
  if (found.format !== FORMAT)
    throw new SetupError(`${path} was kept by another version of the demo: ${wayOut}`);
  const names = [...new Set([...Object.keys(origin), ...Object.keys(found.origin)])];
  const different = names.filter((name) => origin[name] !== found.origin[name]);
  if (different.length > 0)
    throw new SetupError(
      `${path} was made from something else (${different.join(", ")} differs): ${wayOut}`,
    );
}

function readNote(path: string): z.infer<typeof note> | undefined {
  const file = join(path, NOTE);
  if (!existsSync(file)) return undefined;
  try {
    return note.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new SetupError(`${file} is damaged: delete ${path}, or name another folder with --keep`);
  }
}

/** One run at a time: two would start the same nodes. A lock whose process is gone counts as none. */
function lock(file: string, path: string): () => void {
  const holder = existsSync(file) ? Number(readFileSync(file, "utf8")) : Number.NaN;
  if (Number.isInteger(holder) && holder !== process.pid && isAlive(holder))
    throw new SetupError(
      `another run (process ${holder}) works in ${path}: wait for it to end, or delete ${file} ` +
        "if that is no demo",
    );
  rmSync(file, { force: true });
  const descriptor = openSync(file, "wx", 0o600);
  writeSync(descriptor, String(process.pid));
  closeSync(descriptor);
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
