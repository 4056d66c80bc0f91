/** How much of a bureau's disk one platform may take: counted in rows, of all its versions together. */
import { Refusal } from "@moiety/kit";
import type { depositHeader } from "@moiety/protocols";
import { nextTurn } from "../next-turn.ts";
import type { Layers } from "./layers.ts";
import type { Entry, Line } from "./line.ts";
import type { Lines } from "./lines.ts";

/** What was counted in a snapshot's layer, with the deltas up to a version folded into it. */
interface Counted {
  readonly rows: number;
  readonly upTo: number;
}

export class Quota {
  readonly #lines: Lines;
  readonly #layers: Pick<Layers, "count">;
  readonly #limit: number;
  readonly #counted = new WeakMap<Uint8Array, Counted>();
  readonly #counting = new Map<string, Promise<void>>();

  constructor(lines: Lines, layers: Pick<Layers, "count">, limit: number) {
    this.#lines = lines;
    this.#layers = layers;
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Rows by platform: those on disk, and those that deposits under way have announced. */
  get used(): ReadonlyMap<string, number> {
    const used = new Map<string, number>();
    for (const line of this.#lines.all())
      for (const [{ header }, rows] of this.#rowsOf(line))
        used.set(header.platform, (used.get(header.platform) ?? 0) + rows);
    return used;
  }

  /**
   * Throws `Refusal` for a deposit with which its platform would have more than it may; `replaced` are
   * those that go when it begins. "busy" where it may have room soon: when what is being removed is
   * gone, or when rows have been counted. A delta that was folded counts in full, though its rows may
   * have replaced others, until there is not enough room for that.
   */
  check(header: depositHeader.DepositHeader, replaced: readonly Entry[] = []): void {
    const { platform, records } = header;
    let [staying, going] = [0, 0];
    for (const line of this.#lines.all()) {
      const droppable = line.droppable();
      for (const [entry, rows] of this.#rowsOf(line)) {
        if (entry.header.platform !== platform || replaced.includes(entry)) continue;
        if (droppable.includes(entry)) going += rows;
        else staying += rows;
      }
    }
    if (staying + going + records <= this.#limit) return;
    if (staying + records <= this.#limit)
      throw new Refusal("busy", `removing ${going} former records of ${platform}`);
    const mayBeFewer = this.#counting.has(platform) || this.#uncounted(platform).length > 0;
    if (records <= this.#limit && mayBeFewer) {
      void this.#count(platform);
      throw new Refusal("busy", `counting the ${staying + going} records of ${platform}, or fewer`);
    }
    throw new Refusal(
      "refused",
      `${platform} has ${staying + going} records here and offers ${records} more: over ` +
        `${this.#limit} (limits.recordsPerPlatform)`,
    );
  }

  /** Counts what may have fewer rows than its headers say; resolves when that is done. */
  #count(platform: string): Promise<void> {
    const underWay = this.#counting.get(platform);
    if (underWay !== undefined) return underWay;
    const counting = this.#countAll(platform).finally(() => this.#counting.delete(platform));
    counting.catch(() => {}); // the store was closed; the next offer asks again
    this.#counting.set(platform, counting);
    return counting;
  }

  async #countAll(platform: string): Promise<void> {
    for (const { line, snapshot, upTo } of this.#uncounted(platform)) {
      let rows = 0;
      for (const slice of this.#layers.count(line.layer(snapshot.header.version))) {
        rows += slice;
        await nextTurn();
      }
      this.#counted.set(snapshot.bytes, { rows, upTo });
    }
  }

  #uncounted(
    platform: string,
  ): { readonly line: Line; readonly snapshot: Entry; readonly upTo: number }[] {
    return this.#lines.all().flatMap((line) =>
      [...foldedUpTo(line)].flatMap(([snapshot, upTo]) => {
        if (snapshot.header.platform !== platform) return [];
        const counted = this.#counted.get(snapshot.bytes)?.upTo ?? 0;
        return upTo > counted ? [{ line, snapshot, upTo }] : [];
      }),
    );
  }

  /** A delta that was counted in its snapshot's layer has no rows of its own. */
  *#rowsOf(line: Line): Generator<readonly [entry: Entry, rows: number]> {
    for (const entry of line.entries()) {
      const snapshot = line.snapshots.get(entry);
      const counted = snapshot && this.#counted.get(snapshot.bytes);
      const isWithin = entry.folded && counted && entry.header.version <= counted.upTo;
      if (entry === snapshot && counted) yield [entry, counted.rows];
      else yield [entry, isWithin ? 0 : entry.header.records];
    }
  }
}

/** Snapshots into whose layers deltas were folded, and the latest of those. */
function foldedUpTo(line: Line): Map<Entry, number> {
  const latest = new Map<Entry, number>();
  for (const [entry, snapshot] of line.snapshots)
    if (entry.folded)
      latest.set(snapshot, Math.max(latest.get(snapshot) ?? 0, entry.header.version));
  return latest;
}
