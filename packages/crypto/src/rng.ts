import { createCipheriv, createHash, randomFillSync } from "node:crypto";

/**
 * Where randomness comes from: an argument of every function that draws any, so that a run is a
 * deterministic function of its inputs and its generator (golden transcripts, audits, replays).
 *
 * `bytes(length)` returns a fresh array that the caller owns; implementations throw a `RangeError`
 * when `length` is not a non-negative safe integer.
 */
export interface Rng {
  bytes(length: number): Uint8Array;
}

/** A reproducible stream: **tests and the lab only**. Whoever knows the seed knows every secret. */
export interface SeededRng extends Rng {
  /**
   * An independent stream, a function of this generator's seed and of `label` only: it neither
   * depends on nor disturbs what was drawn here. The same label gives the same stream again.
   */
  fork(label: string): SeededRng;
}

/** Prescribed bytes, drawn in order: official test vectors give their random values this way. */
export interface TapeRng extends Rng {
  /** Throws when anything is left on the tape: the code under test drew less than it should. */
  end(): void;
}

/** One call of `randomFillSync` takes at most 2^31 − 1 bytes. */
const MAX_DRAW_BYTES = 2 ** 31 - 1;

/** The operating system's generator, by node:crypto: the only one that nodes use. */
export const osRng: Rng = {
  bytes(length) {
    return randomFillSync(new Uint8Array(checkedLength(length)));
  },
};

/**
 * AES-256-CTR under SHA-256 of a tag and the seed. **Tests and the lab only**, see `SeededRng`.
 * A string counts as its UTF-8 bytes. The stream does not depend on how it is cut into draws.
 */
export function seededRng(seed: Uint8Array | string): SeededRng {
  return streamRng(createHash("sha256").update("moiety/seeded-rng/v1\0").update(seed).digest());
}

/** Deals out a copy of `tape`; throws a `RangeError` when more is drawn than it holds. */
export function tapeRng(tape: Uint8Array): TapeRng {
  const content = new Uint8Array(tape);
  let position = 0;
  return {
    bytes(length) {
      const end = position + checkedLength(length);
      if (end > content.length) {
        const left = content.length - position;
        throw new RangeError(`random tape: ${length} bytes were drawn, but only ${left} are left`);
      }
      const drawn = content.slice(position, end);
      position = end;
      return drawn;
    },
    end() {
      const left = content.length - position;
      if (left > 0) throw new RangeError(`random tape: ${left} bytes were never drawn`);
    },
  };
}

function streamRng(key: Uint8Array): SeededRng {
  const cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  return {
    bytes(length) {
      const drawn = new Uint8Array(checkedLength(length));
      if (length > 0) drawn.set(cipher.update(drawn));
      return drawn;
    },
    fork(label) {
      const hash = createHash("sha256").update("moiety/seeded-rng/fork/v1\0");
      return streamRng(hash.update(key).update(label).digest());
    },
  };
}

function checkedLength(length: number): number {
  if (Number.isSafeInteger(length) && length >= 0 && length <= MAX_DRAW_BYTES) return length;
  throw new RangeError(`random bytes: a length within 0..${MAX_DRAW_BYTES}, not ${length}`);
}
