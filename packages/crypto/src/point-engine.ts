/** What calculates with points: point-kernel.ts and point-libsodium.ts do; points.ts chooses. */

/** Terms of one sum, packed: 32 bytes a scalar, 32 bytes a point. */
export interface PackedTerms {
  readonly scalars: Uint8Array;
  readonly points: Uint8Array;
}

/**
 * Batches of group operations on packed encodings of 32 bytes. Nothing here throws for what a point
 * is: where an operand is no canonical encoding of an element, or is the identity, or the result is
 * the identity, the result is 32 zeros (the identity's encoding, which no caller accepts). Scalars
 * are below L. Constant time in scalars unless it says otherwise.
 */
export interface PointEngine {
  readonly name: "kernel" | "libsodium";
  /** A byte for each: 1 if it is the canonical encoding of an element other than the identity. */
  areCanonical(points: Uint8Array): Uint8Array;
  /** `s·P_i`. */
  multiplyOne(scalar: Uint8Array, points: Uint8Array): Uint8Array;
  /** `s_i·P_i`. */
  multiplyEach(scalars: Uint8Array, points: Uint8Array): Uint8Array;
  /** `s_i·G`. */
  multiplyBase(scalars: Uint8Array): Uint8Array;
  /** `A_i + B_i`. */
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** `A_i − B_i`. */
  subtract(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** RFC 9496 4.3.4, 64 bytes each. */
  fromUniform(uniform: Uint8Array): Uint8Array;
  /** `fromUniform(u_i) + s_i·G`. */
  blind(uniform: Uint8Array, scalars: Uint8Array): Uint8Array;
  /** `A_i + B_i − s_i·K`. */
  unblind(a: Uint8Array, b: Uint8Array, scalars: Uint8Array, publicKey: Uint8Array): Uint8Array;
  /** `Σ s_i·P_i` for each list of one term or more. Variable time. */
  sums(lists: readonly PackedTerms[]): Uint8Array;
}
