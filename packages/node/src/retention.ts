/** How long features count: by the catalogue, from the day on which a record's data were made. */
import { type Catalogue, retentionSeconds } from "@moiety/model";

/** A moment that never comes, as seconds since 1970. */
export const NEVER: number = 0xffff_ffff;

/** Retention of the features of one catalogue. Times are seconds since 1970. */
export class Retention {
  readonly #seconds: readonly (number | undefined)[];

  constructor({ features }: Pick<Catalogue, "features">) {
    this.#seconds = features.map(retentionSeconds);
  }

  /** The shortest retention of a feature, in seconds; undefined where none has one. */
  get shortest(): number | undefined {
    const seconds = this.#seconds.filter((each) => each !== undefined);
    return seconds.length === 0 ? undefined : Math.min(...seconds);
  }

  /** Whether a feature of a record of `madeAt` counts as missing at `asOf`. */
  isExpired(feature: number, madeAt: number, asOf: number): boolean {
    const seconds = this.#seconds[feature];
    return seconds !== undefined && madeAt + seconds <= asOf;
  }

  /** Whether nothing of a record counts any more: it is then as if there were none. */
  isGone(madeAt: number, asOf: number): boolean {
    return this.#seconds.every((seconds) => seconds !== undefined && madeAt + seconds <= asOf);
  }

  /** When the next feature of a record expires after `asOf`; `NEVER` where none does. */
  nextAfter(madeAt: number, asOf: number): number {
    let next = NEVER;
    for (const seconds of this.#seconds)
      if (seconds !== undefined && madeAt + seconds > asOf) next = Math.min(next, madeAt + seconds);
    return next;
  }

  /** Packed shares without those that have expired, or undefined when none has that is not 0. */
  erased(packed: Uint8Array, madeAt: number, asOf: number): Uint8Array | undefined {
    let left: Uint8Array | undefined;
    for (let feature = 0; feature < this.#seconds.length; feature += 1) {
      if (!this.isExpired(feature, madeAt, asOf)) continue;
      const [at, mask] = [feature >> 1, feature % 2 === 0 ? 0xf0 : 0x0f];
      const byte = (left ?? packed)[at] as number;
      if ((byte & ~mask & 0xff) === 0) continue;
      left ??= Uint8Array.from(packed);
      left[at] = byte & mask;
    }
    return left;
  }
}
