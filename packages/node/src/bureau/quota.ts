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
      for (const [platform, rows] of this.#rowsOf(line))
        used.set(platform, (used.get(platform) ?? 0) + rows);
    return used;
  }

  /**
   * Throws `Refusal` for a deposit with which its platform would have more than it may. A delta that
   * was folded counts in full, though its rows may have replaced others, until there is not enough room
   * for that: then rows are counted, and the platform is told "busy" until they are.
   */
  check({ platform, records }: depositHeader.DepositHeader): void {
    const used = this.used.get(platform) ?? 0;
    if (used + records <= this.#limit) return;
    if (this.#counting.has(platform) || this.#uncounted(platform).length > 0) {
      void this.#count(platform);
      throw new Refusal("busy", `counting the ${used} records of ${platform}, or fewer`);
    }
    throw new Refusal(
      "refused",
      `${platform} has ${used} records here and offers ${records} more: over ${this.#limit} ` +
        "(limits.recordsPerPlatform)",
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
      snapshotsOf(line, platform).flatMap((snapshot) => {
        const upTo = Math.max(0, ...foldedInto(line, snapshot).map(({ header }) => header.version));
        const counted = this.#counted.get(snapshot.bytes)?.upTo ?? 0;
        return upTo > counted ? [{ line, snapshot, upTo }] : [];
      }),
    );
  }

  *#rowsOf(line: Line): Generator<readonly [platform: string, rows: number]> {
    const within = new Map<Entry, Counted>();
    for (const snapshot of line.entries().filter(({ header }) => header.base === undefined)) {
      const counted = this.#counted.get(snapshot.bytes);
      if (counted === undefined) continue;
      within.set(snapshot, counted);
      for (const entry of foldedInto(line, snapshot))
        if (entry.header.version <= counted.upTo) within.set(entry, { ...counted, rows: 0 });
    }
    for (const entry of line.entries())
      yield [entry.header.platform, within.get(entry)?.rows ?? entry.header.records];
  }
}

function snapshotsOf(line: Line, platform: string): Entry[] {
  return line
    .entries()
    .filter(({ header }) => header.base === undefined && header.platform === platform);
}

/** Deltas whose rows lie in the layer of this snapshot. */
function foldedInto(line: Line, snapshot: Entry): Entry[] {
  return line
    .entries()
    .filter((entry) => entry.folded && line.lineage(entry).at(-1)?.bytes === snapshot.bytes);
}
