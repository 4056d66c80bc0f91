/** The one file that knows msgpackr. Raw peer bytes reach the decoder only through the pre-scan. */
// "msgpackr/pack" is the same code without the native string extractor: no C++ behind the gate.
import { Packr } from "msgpackr/pack";
import { encodedBytes, UnencodableError, type Wire, write } from "./encoder.ts";
import { LARGE_FRAME_BYTES, newFrame, withRoom } from "./frame-memory.ts";
import { prescan, ScanError } from "./prescan.ts";

export type { Wire };

const packr = new Packr({
  useRecords: false,
  variableMapSize: true,
  mapsAsObjects: true,
  moreTypes: false,
  copyBuffers: false,
});

/**
 * MessagePack bytes of a value of the accepted subset, every part in its shortest form. Throws
 * `ScanError` when a peer's gate would refuse them: too many items, too deep, a number out of
 * range.
 */
export function encode(value: Wire): Uint8Array {
  return encodeAfter(0, value);
}

/**
 * As `encode`, after `headroom` zero bytes for a header that the caller writes; large ones in memory of
 * frame-memory.ts.
 */
export function encodeAfter(headroom: number, value: Wire): Uint8Array {
  try {
    const length = headroom + encodedBytes(value);
    const bytes = around(value, length) ?? newFrame(length);
    bytes.fill(0, 0, headroom);
    write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), headroom, value);
    prescan(bytes.subarray(headroom));
    return bytes;
  } catch (error) {
    if (error instanceof UnencodableError) throw new ScanError(error.fault, headroom);
    throw error;
  }
}

/** The memory of `value`'s last field, if it was made for a message and this one of `length` fits around it. */
function around(value: Wire, length: number): Uint8Array | undefined {
  if (length < LARGE_FRAME_BYTES || typeof value !== "object") return undefined;
  const last = Object.values(value).at(-1) as Wire | undefined;
  return last instanceof Uint8Array ? withRoom(last, length - last.length) : undefined;
}

/**
 * Decodes bytes that the pre-scan accepts; throws `ScanError` for all others. Byte strings in the
 * result are views of `bytes`, plain `Uint8Array`s whatever `bytes` is.
 */
export function decode(bytes: Uint8Array): Wire {
  prescan(bytes);
  // msgpackr's views inherit the class of what they view, and `Buffer.slice` does not copy.
  return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as Wire;
}
