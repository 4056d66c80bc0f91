/** Deepest nesting that is written; deeper is an error, never a stack overflow. */
export const MAX_JSON_DEPTH: number = 32;

/** Matches a lone surrogate: text that UTF-8 cannot express. */
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Canonical JSON (RFC 8785, JCS): no white space, keys in order of their UTF-16 code units,
 * ECMAScript numbers, UTF-8. Equal values give equal bytes, so the bytes can be hashed and signed.
 *
 * @throws TypeError on what JSON cannot say exactly: `undefined`, NaN, infinities, bigint, lone
 *   surrogates, functions, class instances, nesting beyond `MAX_JSON_DEPTH`. It names the path.
 */
export function canonicalJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(write(value, "$", 0, undefined));
}

/**
 * The same value in the same order for a person to read: indented by two spaces, one line feed at
 * the end. As determined as `canonicalJson`, so that a reader may insist on these very bytes.
 *
 * @throws TypeError as `canonicalJson`.
 */
export function readableJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${write(value, "$", 0, "\n")}\n`);
}

/** `line` is the line break with the indentation of this depth; `undefined` writes compactly. */
function write(value: unknown, path: string, depth: number, line: string | undefined): string {
  if (depth > MAX_JSON_DEPTH) throw new TypeError(`${path}: nested deeper than ${MAX_JSON_DEPTH}`);
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "number":
      // RFC 8785 section 3.2.2.3: numbers as ECMAScript writes them; -0 becomes 0.
      if (Number.isFinite(value)) return JSON.stringify(value);
      throw new TypeError(`${path}: not a finite number`);
    case "string":
      return writeText(value, path);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value)
        ? writeArray(value, path, depth, line)
        : writeObject(value, path, depth, line);
    default:
      throw new TypeError(`${path}: JSON has no ${typeof value}`);
  }
}

function writeText(text: string, path: string): string {
  if (LONE_SURROGATE.test(text)) throw new TypeError(`${path}: text with a lone surrogate`);
  return JSON.stringify(text);
}

function writeArray(
  value: readonly unknown[],
  path: string,
  depth: number,
  line: string | undefined,
): string {
  const inner = line === undefined ? undefined : `${line}  `;
  // Array.from and not map(), which would skip holes: JSON cannot say them.
  const items = Array.from(value, (item, i) => write(item, `${path}[${i}]`, depth + 1, inner));
  return enclose("[", items, "]", line);
}

// Written by hand because JSON.stringify puts integer-like keys first, against RFC 8785.
function writeObject(value: object, path: string, depth: number, line: string | undefined): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${path}: not a plain object`);
  }
  const inner = line === undefined ? undefined : `${line}  `;
  const colon = line === undefined ? ":" : ": ";
  const members = Object.keys(value)
    .sort()
    .map((key) => {
      const member = `${path}.${key}`;
      const written = write((value as Record<string, unknown>)[key], member, depth + 1, inner);
      return `${writeText(key, member)}${colon}${written}`;
    });
  return enclose("{", members, "}", line);
}

function enclose(open: string, parts: readonly string[], close: string, line?: string): string {
  if (line === undefined || parts.length === 0) return `${open}${parts.join(",")}${close}`;
  return `${open}${line}  ${parts.join(`,${line}  `)}${line}${close}`;
}
