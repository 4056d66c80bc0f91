/**
 * How often chance alone makes a pattern appear: keys, ciphertexts, shares and digests are uniform
 * bytes, and a run exchanges and stores some 7 MB of them, three times that on a busy machine.
 *
 * A pattern of L bytes is expected N / 256^L times in N uniform bytes. Of the 31,700 patterns of the
 * test, 215 have 8 bytes and nearly all others 10 and more: all that have at least 8 are expected
 * 8e-11 times together, so one occurrence is proof. Patterns of 5, 6 and 7 bytes (40- and 48-bit
 * integers, BCD, varints; 417 of them) are not: the 111 of five bytes are expected 7e-4 times. Of
 * those the test counts how many *different canaries* appear (a copy of one accident is no second
 * one) and takes for proof what chance reaches less often than `CHANCE`: three of five bytes, two of
 * six or seven. Whatever leaks for everybody exceeds that by far. Patterns of four bytes would need
 * more canaries than there are people: they are not looked for.
 *
 * Text and headers are not uniform, but neither do they resemble canaries, which are hashes of
 * labels. What is random in them (keys in hex, digits of measured times) is some ten thousand
 * characters a run: 10 hexadecimal digits of a canary appear there with a chance of about 1e-6.
 */

/** Probability that a run of the test fails by accident, per kind of pattern; there are four kinds. */
export const CHANCE: number = 2e-9;

/** Length in bytes from which one occurrence is proof. */
export const PROOF_BYTES: number = 8;

/** Expected accidental occurrences of patterns of these lengths in so many uniform bytes. */
export function expectedByChance(lengths: readonly number[], bytes: number): number {
  return lengths.reduce((sum, length) => sum + bytes * 256 ** -length, 0);
}

/**
 * The least number k of different findings that chance reaches with a probability below `CHANCE`,
 * when `expected` are expected: the tail of a Poisson variable is at most λ^k / k!.
 */
export function proofCount(expected: number): number {
  let tail = 1;
  let k = 0;
  while (tail >= CHANCE) {
    k += 1;
    tail *= expected / k;
  }
  return Math.max(1, k);
}
