/** Points on the wire. */

/** Points as 2 bytes each, little-endian, whatever the machine's order. */
export function toBytes(points: Uint16Array): Uint8Array {
  const out = new Uint8Array(2 * points.length);
  for (let i = 0; i < points.length; i += 1) {
    const point = points[i] as number;
    out[2 * i] = point;
    out[2 * i + 1] = point >> 8;
  }
  return out;
}

/** The inverse of `toBytes`. */
export function fromBytes(packed: Uint8Array): Uint16Array {
  const points = new Uint16Array(packed.length >> 1);
  for (let i = 0; i < points.length; i += 1)
    points[i] = (packed[2 * i] as number) | ((packed[2 * i + 1] as number) << 8);
  return points;
}
