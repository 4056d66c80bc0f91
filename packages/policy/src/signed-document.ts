/**
 * Documents that somebody signs and everybody reads: `{ "<field>": body, "signature": hex }`.
 *
 * The signature (Ed25519, with a context of its own per kind) is over the body as canonical JSON
 * (RFC 8785). The file is the same JSON in a fixed readable form, and a reader insists on those very
 * bytes: no key twice, no second spelling of a number, nothing for two programs to read differently.
 */
import { type SigningKey, sign, type VerifyingKey, verify } from "@moiety/crypto";
import { canonicalJson, DocumentError, parseShape, readableJson } from "@moiety/model";
import { z } from "zod";

/** One kind of signed document. */
export interface SignedKind<T> {
  /** How messages call it, and the name of the body's field. */
  readonly name: string;
  /** What separates its signatures from all others. */
  readonly context: string;
  /** Must accept exactly what it returns: it checks, it does not convert. */
  readonly shape: z.ZodType<T>;
  readonly maxBytes: number;
}

/**
 * How far ahead of this clock a signer's may be: two clocks, each up to ten minutes off. What has
 * expired has no such grace, so that nothing lives longer than its signer meant.
 */
export const CLOCK_SKEW_MS: number = 20 * 60_000;

/** Lower-case hexadecimal of exactly so many bytes. */
export function hexShape(bytes: number): z.ZodType<string> {
  return z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `write ${2 * bytes} digits 0-9a-f`);
}

/** A time in UTC, e.g. `2026-01-31T00:00:00Z`. */
export const timeShape: z.ZodType<string> = z.iso
  .datetime("write a time like 2026-01-31T00:00:00Z")
  .max(30, "no digits beyond the nanosecond");

/** A time (ms since 1970, UTC) as documents write it: to the second, cut off. */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The file: body and signature. Throws a `DocumentError` when the body does not have its shape. */
export function signDocument<T>(kind: SignedKind<T>, body: T, key: SigningKey): Uint8Array {
  const shaped = parseShape(kind.shape, body, kind.name);
  const signature = sign(key, kind.context, canonicalJson(shaped));
  const file = readableJson({
    [kind.name]: shaped,
    signature: Buffer.from(signature).toString("hex"),
  });
  if (file.length > kind.maxBytes) throw tooLong(kind, kind.name);
  return file;
}

/**
 * The body of a file that `key` signed.
 *
 * @param key or what finds it, given the body as it claims to be; may throw a `DocumentError`.
 * @param document what is read, for messages.
 * @throws DocumentError for anything that `signDocument` would not have written, and for a signature
 *   by another key. Never another error, whatever the bytes.
 */
export function openDocument<T>(
  kind: SignedKind<T>,
  bytes: Uint8Array,
  key: VerifyingKey | ((claimed: T) => VerifyingKey),
  document: string,
): T {
  if (bytes.length > kind.maxBytes) throw tooLong(kind, document);
  const file = parseShape(fileShape(kind), parseJson(bytes, document), document);
  const body = file[kind.name] as T;
  const signature = Buffer.from(file.signature as string, "hex");
  const signer = typeof key === "function" ? key(body) : key;
  if (!verify(signer, signature, kind.context, canonicalJson(body))) {
    const expected = Buffer.from(signer.bytes).toString("hex").slice(0, 16);
    throw new DocumentError(document, [
      `wrong signature: it was changed, or not signed by the key ${expected}… that you trust; ` +
        "get it afresh, and check that key",
    ]);
  }
  if (Buffer.compare(readableJson(file), bytes) !== 0) {
    throw new DocumentError(document, [
      "rightly signed, but not in the form in which it was written (was it reformatted, " +
        "or were line ends converted?); get it afresh",
    ]);
  }
  return body;
}

/** From when to when a document counts. */
export interface Validity {
  readonly issuedAt: string;
  readonly expiresAt: string;
}

/**
 * Throws a `DocumentError` unless `issuedAt ≤ now < expiresAt`, but for `CLOCK_SKEW_MS` at the
 * beginning; `now` in ms since 1970, UTC.
 */
export function checkValidity(body: Validity, now: number, document: string): void {
  if (isValidAt(body, now)) return;
  if (!(now + CLOCK_SKEW_MS >= Date.parse(body.issuedAt))) {
    throw new DocumentError(document, [`not valid before ${body.issuedAt}; check this clock`]);
  }
  throw new DocumentError(document, [`expired at ${body.expiresAt}; get a current one`]);
}

/** What `checkValidity` asks for, without a word. */
export function isValidAt(body: Validity, now: number): boolean {
  const started = now + CLOCK_SKEW_MS >= Date.parse(body.issuedAt);
  return started && now < Date.parse(body.expiresAt);
}

/** What is wrong with a pair of times on its own. */
export function validityProblems(body: Validity): string[] {
  return Date.parse(body.issuedAt) < Date.parse(body.expiresAt)
    ? []
    : ["expiresAt must be after issuedAt"];
}

type FileShape = z.ZodType<Readonly<Record<string, unknown>>>;

/** Kept, for making a shape costs more than using it. */
const fileShapes = new WeakMap<object, FileShape>();

function fileShape<T>(kind: SignedKind<T>): FileShape {
  let shape = fileShapes.get(kind);
  if (shape === undefined) {
    shape = z.strictObject({ [kind.name]: kind.shape, signature: hexShape(64) });
    fileShapes.set(kind, shape);
  }
  return shape;
}

function parseJson(bytes: Uint8Array, document: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new DocumentError(document, ["not JSON in UTF-8; is the file truncated?"]);
  }
}

function tooLong<T>(kind: SignedKind<T>, document: string): DocumentError {
  return new DocumentError(document, [`longer than ${kind.maxBytes} bytes`]);
}
