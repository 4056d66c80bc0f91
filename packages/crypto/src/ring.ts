/**
 * Additive shares in the two rings that data live in: bins in Z_16, points and scores in Z_1024.
 * A value is `a + b` in its ring, with `a` uniform: each half alone is uniform, whatever the value.
 * Both moduli are powers of two, so masking uniform bytes is exactly uniform.
 */
import type { Rng } from "./rng.ts";

/** Bins of one feature: its values live in Z_16, bin 0 means *missing*. */
export const BIN_COUNT: number = 16;
/** Points and scores live in Z_1024. */
export const POINT_MODULUS: number = 1024;

const BIN_MASK = 15;
const POINT_MASK = 1023;

/**
 * Splits bins (one per byte, each 0..15) into two uniform halves that add up to them mod 16. Draws
 * one byte of `rng` per two bins. Throws a `RangeError` naming the position of a value above 15.
 */
export function splitBins(bins: Uint8Array, rng: Rng): [Uint8Array, Uint8Array] {
  const first = unpackNibbles(
    clearSpareNibble(rng.bytes((bins.length + 1) >> 1), bins.length),
    bins.length,
  );
  const second = new Uint8Array(bins.length);
  for (let i = 0; i < bins.length; i++) {
    const bin = bins[i]!;
    if (bin > BIN_MASK) throw new RangeError(`bin ${i}: it must be within 0..15`);
    second[i] = (bin - first[i]!) & BIN_MASK;
  }
  return [first, second];
}

/** The bins of which `a` and `b` are halves. Throws a `RangeError` when the lengths differ. */
export function joinBins(a: Uint8Array, b: Uint8Array): Uint8Array {
  checkSameLength(a.length, b.length);
  const bins = new Uint8Array(a.length);
  for (let i = 0; i < bins.length; i++) bins[i] = (a[i]! + b[i]!) & BIN_MASK;
  return bins;
}

/**
 * Two nibbles (bytes 0..15) to a byte, the earlier one low; an odd one out leaves the last high
 * nibble zero. Throws a `RangeError` naming the position of a value above 15.
 */
export function packNibbles(nibbles: Uint8Array): Uint8Array {
  const packed = new Uint8Array((nibbles.length + 1) >> 1);
  for (let i = 0; i < nibbles.length; i++) {
    const nibble = nibbles[i]!;
    if (nibble > BIN_MASK) throw new RangeError(`nibble ${i}: it must be within 0..15`);
    packed[i >> 1]! |= nibble << ((i & 1) * 4);
  }
  return packed;
}

/**
 * The `count` nibbles that `packNibbles` packed. Throws a `RangeError` when the length does not fit
 * `count` or a spare nibble is not zero: there is one packing of each list, and no other is read.
 */
export function unpackNibbles(packed: Uint8Array, count: number): Uint8Array {
  if (!Number.isSafeInteger(count) || packed.length !== Math.ceil(count / 2)) {
    throw new RangeError(`packed nibbles: ${packed.length} bytes cannot hold exactly ${count}`);
  }
  if (count % 2 === 1 && packed[packed.length - 1]! > BIN_MASK) {
    throw new RangeError("packed nibbles: the spare last nibble must be zero");
  }
  const nibbles = new Uint8Array(count);
  for (let i = 0; i < count; i++) nibbles[i] = (packed[i >> 1]! >> ((i & 1) * 4)) & BIN_MASK;
  return nibbles;
}

/**
 * Splits points (each 0..1023) into two uniform halves that add up to them mod 1024. Draws two
 * bytes of `rng` per value. Throws a `RangeError` naming the position of a value above 1023.
 */
export function splitPoints(points: Uint16Array, rng: Rng): [Uint16Array, Uint16Array] {
  const random = rng.bytes(points.length * 2);
  const first = new Uint16Array(points.length);
  const second = new Uint16Array(points.length);
  for (let i = 0; i < points.length; i++) {
    const value = points[i]!;
    if (value > POINT_MASK) throw new RangeError(`point ${i}: it must be within 0..1023`);
    const mask = (random[2 * i]! | (random[2 * i + 1]! << 8)) & POINT_MASK;
    first[i] = mask;
    second[i] = (value - mask) & POINT_MASK;
  }
  return [first, second];
}

/** The points of which `a` and `b` are halves. Throws a `RangeError` when the lengths differ. */
export function joinPoints(a: Uint16Array, b: Uint16Array): Uint16Array {
  checkSameLength(a.length, b.length);
  const points = new Uint16Array(a.length);
  for (let i = 0; i < points.length; i++) points[i] = (a[i]! + b[i]!) & POINT_MASK;
  return points;
}

/**
 * The same values mod 1024. Shares of a score are reduced before they leave a bureau: the carries
 * of an unreduced sum tell something of its terms.
 */
export function reducePoints(points: Uint16Array): Uint16Array {
  return points.map((value) => value & POINT_MASK);
}

/**
 * Random bytes for an odd number of nibbles leave one over; zero it, so that the packing is valid.
 */
function clearSpareNibble(packed: Uint8Array, count: number): Uint8Array {
  if (count % 2 === 1) packed[packed.length - 1]! &= BIN_MASK;
  return packed;
}

function checkSameLength(a: number, b: number): void {
  if (a !== b) throw new RangeError(`shares: the halves have different lengths, ${a} and ${b}`);
}
