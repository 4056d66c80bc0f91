/**
 * The binary simplex code of dimension m in its cyclic form, and the compression that goes with it.
 *
 * Position i of the code stands for the field element α^i of GF(2^m), and the codeword of c has
 * there the inner product of c with the coefficients of α^i. Every non-zero codeword has weight
 * 2^(m−1): the code is [2^m − 1, m, 2^(m−1)]. Positions 0..m−1 are α^0..α^(m−1), unit vectors, so
 * the code is systematic there.
 *
 * The compression is a binary (2^(m−1)) × (2^m − 1) matrix that is *invertible on the support of
 * every non-zero codeword*. For m = 4 its columns are (α^i, α^(7i)) ∈ GF(16)², α⁴ = α + 1; found by
 * search, random matrices fail. `code.test.ts` checks the rank on every support.
 */
export interface SimplexCode {
  /** m: bits of a choice, and number of systematic positions. */
  readonly dimension: number;
  /** 2^m − 1 positions. */
  readonly length: number;
  /** 2^(m−1): minimum distance, and rows of the compression matrix. */
  readonly distance: number;
  /** Column i of the generator matrix, as m bits: the coefficients of α^i. */
  readonly generator: readonly number[];
  /** Column i of the compression matrix, as 2^(m−1) bits. */
  readonly compression: readonly number[];
}

/** Primitive polynomials of GF(2^m), without their leading term: x + 1, x² + x + 1, x⁴ + x + 1. */
const REDUCTION: Readonly<Record<1 | 2 | 4, number>> = { 1: 1, 2: 3, 4: 3 };

/** The simplex code for 2^m choices. */
export function simplexCode(dimension: 1 | 2 | 4): SimplexCode {
  const length = 2 ** dimension - 1;
  const generator = powersOfAlpha(dimension, length);
  // For m ≤ 2 any two generator columns are independent already: the generator compresses itself.
  const compression =
    dimension === 4
      ? generator.map((power, i) => power | (generator[(7 * i) % length]! << 4))
      : generator;
  return { dimension, length, distance: 2 ** (dimension - 1), generator, compression };
}

/** Bit `position` of the codeword of `choice`, without a branch or an index on `choice`. */
export function codewordBit(code: SimplexCode, choice: number, position: number): number {
  let bits = choice & code.generator[position]!;
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return bits & 1;
}

function powersOfAlpha(dimension: 1 | 2 | 4, count: number): number[] {
  const top = 1 << dimension;
  const powers: number[] = [];
  let power = 1;
  for (let i = 0; i < count; i++) {
    powers.push(power);
    power <<= 1;
    if (power & top) power ^= top | REDUCTION[dimension];
  }
  return powers;
}
