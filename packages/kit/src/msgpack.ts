/** The one file that knows msgpackr. Raw peer bytes reach the decoder only through the pre-scan. */
// "msgpackr/pack" is the same code without the native string extractor: no C++ behind the gate.
import { Packr } from "msgpackr/pack";
import { prescan } from "./prescan.ts";

/** What the accepted subset decodes to. */
export type Wire =
  | number
  | boolean
  | string
  | Uint8Array
  | readonly Wire[]
  | { readonly [key: string]: Wire };

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

/** As `encode`, after `headroom` zero bytes for a header that the caller writes. */
export function encodeAfter(headroom: number, value: Wire): Uint8Array {
  // msgpackr hands out views of a shared page: copy, so that the caller owns what it gets.
  const packed = packr.pack(value);
  const bytes = new Uint8Array(headroom + packed.length);
  bytes.set(packed, headroom);
  prescan(bytes.subarray(headroom));
  return bytes;
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
