/** Byte strings as RFC 9497 writes them. Internal to the OPRF files. */

const MAX_PREFIXED_BYTES = 0xffff;

/** `label ‖ context`: how the RFC makes its domain separation tags. */
export function labelled(label: string, context: Uint8Array): Uint8Array {
  return concatenate(Buffer.from(label), context);
}

/** `I2OSP(length, 2) ‖ bytes`, the RFC's framing. Throws a `RangeError` above 65535 bytes. */
export function prefixed(bytes: Uint8Array): Uint8Array {
  checkLength(bytes);
  return concatenate(new Uint8Array([bytes.length >> 8, bytes.length]), bytes);
}

export function concatenate(...pieces: Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces);
}

/** Throws a `RangeError` for what is too long to be prefixed. */
export function checkLength(bytes: Uint8Array): void {
  if (bytes.length <= MAX_PREFIXED_BYTES) return;
  throw new RangeError(`OPRF input: at most ${MAX_PREFIXED_BYTES} bytes, not ${bytes.length}`);
}
