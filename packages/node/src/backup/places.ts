/**
 * Where a restore puts things beside a node's data folder. It ends with two renames; where a crash
 * fell between them there is no data folder, and a node that started would begin an empty store.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SetupError } from "../config-error.ts";

/** The store that is being restored, until it takes its place. */
export function unfinishedPlace(data: string): string {
  return `${data}.restoring`;
}

/** Where the store that was in place is put. */
export function asidePlace(data: string, now: number): string {
  return `${data}.replaced-${now}`;
}

/** Stores put aside by restores, oldest first. */
export function storesAside(data: string): string[] {
  const folder = dirname(data);
  if (!existsSync(folder)) return [];
  const prefix = `${basename(data)}.replaced-`;
  const at = (name: string): number => Number(name.slice(prefix.length));
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && Number.isSafeInteger(at(name)))
    .sort((x, y) => at(x) - at(y))
    .map((name) => join(folder, name));
}

/** Whether a restore was cut short before the store that it made was in its place. */
export function interruptedRestore(data: string): boolean {
  return existsSync(unfinishedPlace(data)) && !existsSync(join(data, "store.mdb"));
}

/** Throws `SetupError` where a start would make an empty store beside one that was to be restored. */
export function refuseInterrupted(data: string): void {
  if (!interruptedRestore(data)) return;
  const former = storesAside(data).at(-1);
  throw new SetupError(
    `a restore of ${data} was cut short; run moiety restore again` +
      (former === undefined
        ? `, or remove ${unfinishedPlace(data)}`
        : `, or remove ${unfinishedPlace(data)} and move ${former}, the store before, to ${data}`),
  );
}
