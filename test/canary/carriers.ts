/**
 * How a careless or hostile program would write a canary: by what Node and the trade offer, and not
 * by encodings.ts, whose patterns are measured by it.
 */
import { createHash, randomBytes } from "node:crypto";
import { hashToElement } from "@moiety/crypto";
import type { Canary } from "./canaries.ts";

export interface Carrier {
  readonly canary: Canary;
  /** The encoding in the words of encodings.ts that must be reported. */
  readonly encoding: string;
  readonly bytes: Uint8Array;
}

const noise = (length: number): Buffer => randomBytes(length);
const around = (bytes: Uint8Array, length: number): Buffer =>
  Buffer.concat([noise(length), bytes, noise(7)]);

/** One canary in every encoding in which one occurrence is proof, each between random bytes. */
export function carriersOf(canary: Canary): Carrier[] {
  const plain = canary.forms[0] as string;
  const encodings: [string, Uint8Array][] = [
    ["raw", Buffer.from(plain)],
    ["utf16le", Buffer.from(plain, "utf16le")],
    ["utf16be", Buffer.from([...plain].flatMap((letter) => [0, letter.charCodeAt(0)]))],
    ...inText("", Buffer.from(plain)),
    ...["md5", "sha1", "sha256", "sha512", "blake2b512", "blake2s256"].flatMap((hash) => {
      const digest = createHash(hash)
        .update(canary.canonical ?? plain)
        .digest();
      return [[`${hash} raw`, digest], ...inText(`${hash} `, digest)] as [string, Uint8Array][];
    }),
    ...canary.integers.slice(0, 1).flatMap(inBinary),
    ...(canary.kind === "number" ? inFigures(Number(plain)) : []),
  ];
  if (canary.canonical !== undefined)
    encodings.push(["hash to group raw", hashToElement("voprf", canary.canonical)]);
  return encodings.map(([encoding, bytes], i) => ({
    canary,
    encoding,
    bytes: around(bytes, i % 23),
  }));
}

/** The same for encodings in which only several canaries together are proof. */
export function shortCarriersOf(canary: Canary): Carrier[] {
  const [integer] = canary.integers;
  if (integer === undefined) return [];
  const number = Number(integer);
  const wide = (width: number, little: boolean): Buffer => {
    const bytes = Buffer.alloc(width);
    if (little) bytes.writeUIntLE(number, 0, width);
    else bytes.writeUIntBE(number, 0, width);
    return bytes;
  };
  const encodings: [string, Uint8Array][] = [
    ["u40le", wide(5, true)],
    ["u40be", wide(5, false)],
    ["u48le", wide(6, true)],
    ["u48be", wide(6, false)],
    ["bcd", Buffer.from(String(number), "hex")],
  ];
  return encodings.map(([encoding, bytes], i) => ({ canary, encoding, bytes: around(bytes, i) }));
}

function inText(prefix: string, bytes: Buffer): [string, Uint8Array][] {
  const shifted = (alignment: number, as: BufferEncoding): Buffer =>
    Buffer.from(Buffer.concat([noise(3 + alignment), bytes, noise(4)]).toString(as));
  return [
    [`${prefix}hex`, shifted(0, "hex")],
    [`${prefix}HEX`, Buffer.from(bytes.toString("hex").toUpperCase())],
    ...[0, 1, 2].flatMap((alignment): [string, Uint8Array][] => [
      [`${prefix}base64+${alignment}`, shifted(alignment, "base64")],
      [`${prefix}base64url+${alignment}`, shifted(alignment, "base64url")],
    ]),
  ];
}

function inBinary(integer: bigint): [string, Uint8Array][] {
  const view = new DataView(new ArrayBuffer(8));
  const bytes = (write: () => void): Buffer => {
    write();
    return Buffer.from(view.buffer.slice(0));
  };
  const binary: [string, Buffer][] = [
    ["u64le ", bytes(() => view.setBigUint64(0, integer, true))],
    ["u64be ", bytes(() => view.setBigUint64(0, integer))],
    ["float64le ", bytes(() => view.setFloat64(0, Number(integer), true))],
    ["float64be ", bytes(() => view.setFloat64(0, Number(integer)))],
  ];
  const digits = Buffer.from([...integer.toString()].map(Number));
  return [
    ["digits", digits],
    ...binary.flatMap(([name, value]): [string, Uint8Array][] => [
      [`${name}raw`, value],
      ...inText(name, value),
    ]),
  ];
}

function inFigures(value: number): [string, Uint8Array][] {
  return [
    value.toLocaleString("en-US"),
    value.toLocaleString("de-DE"),
    value.toExponential(),
    value.toFixed(2),
    JSON.stringify({ value }),
  ].map((text) => ["raw", Buffer.from(text)]);
}
