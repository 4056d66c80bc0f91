/** Points on the wire. */

/** Points as 2 bytes each, little-endian, whatever the machine's order. */
export function toBytes(points: Uint16Array): Uint8Array {
  const out = new Uint8Array(2 * points.length);
  const view = new DataView(out.buffer);
  for (const [i, point] of points.entries()) view.setUint16(2 * i, point, true);
  return out;
}

/** The inverse of `toBytes`. */
export function fromBytes(packed: Uint8Array): Uint16Array {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  return Uint16Array.from({ length: packed.length / 2 }, (_, i) => view.getUint16(2 * i, true));
}
