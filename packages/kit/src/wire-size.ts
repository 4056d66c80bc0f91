/** Sizes of encoded values, for protocols that declare their cost. */

/** Bytes that `length` bytes of binary take on the wire, head included. */
export function binaryBytes(length: number): number {
  return (length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5) + length;
}

/** Bytes that text of `length` ASCII characters takes on the wire, head included. */
export function textBytes(length: number): number {
  return (length < 0x20 ? 1 : length < 0x100 ? 2 : 3) + length;
}
