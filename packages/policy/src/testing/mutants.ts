/** Ways to spoil a document: its bytes, its lines, and what it says. */
import fc from "fast-check";

/** Bytes that have nothing to do with any document: noise, JSON of any shape, deep nesting. */
export function foreignBytes(name: string): fc.Arbitrary<Uint8Array> {
  const file = fc.record({ [name]: fc.jsonValue(), signature: fc.jsonValue() });
  const nested = fc.integer({ min: 1, max: 3000 }).map((depth) => {
    const inner = "[".repeat(depth) + "]".repeat(depth);
    return `{"${name}":${inner},"signature":""}`;
  });
  const texts = fc.oneof(fc.json(), file.map(jsonText), nested, fc.string());
  return fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    texts.map((text) => Buffer.from(text)),
  );
}

/** `right` with one or two places changed: bits, bytes, lengths, lines. Never `right` itself. */
export function byteMutants(right: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(right.length - 1);
  const flip = fc.record({ at, bit: fc.nat(7) }).map(flipping);
  const splice = fc.record({ at, cut: fc.nat(4), put: fc.uint8Array({ maxLength: 4 }) });
  const insert = fc.record({ at, cut: fc.constant(0), put: fc.constantFrom(...TEXTS) });
  const copy = fc.record({ at, from: at, length: fc.nat(80) }).map(copying);
  const line = fc.record({ from: at, to: at, how: fc.nat(2) }).map(relining);
  const edit = fc.oneof(
    flip,
    splice.map(splicing),
    insert.map(splicing),
    at.map(truncating),
    copy,
    line,
  );
  return fc
    .array(edit, { minLength: 1, maxLength: 2 })
    .map((edits) => edits.reduce<Buffer>((bytes, change) => change(bytes), Buffer.from(right)))
    .filter((mutant) => !mutant.equals(right));
}

/**
 * A JSON value with one or two places changed: removed, repeated, renamed, of another type, put in
 * another's place, or another value of the same kind, which a shape lets pass. Never `right` itself.
 */
export function valueMutants(right: unknown): fc.Arbitrary<unknown> {
  const change = fc.record({
    pick: fc.nat(),
    other: fc.nat(),
    how: fc.constantFrom(...HOWS),
    junk: JUNK,
  });
  const original = JSON.stringify(right);
  return fc
    .array(change, { minLength: 1, maxLength: 2 })
    .map((changes) => changes.reduce(changedValue, right))
    .filter((mutant) => JSON.stringify(mutant) !== original);
}

/** As files are written, but for what `readableJson` refuses to write. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

type Edit = (bytes: Buffer) => Buffer;
type Path = readonly (string | number)[];
type Change = {
  readonly pick: number;
  readonly other: number;
  readonly how: (typeof HOWS)[number];
  readonly junk: unknown;
};

const TEXTS = [" ", "\n", "\r\n", "\ufeff", "\u0000", "{}", "\\u0061"].map((text) =>
  Buffer.from(text),
);
const HOWS = ["remove", "replace", "nudge", "repeat", "rename", "swap", "wrap", "add"] as const;
const NAMES = ["__proto__", "constructor", "toString", "then", "", "\u001b[2J", "\ud800", "0"];

const JUNK: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, 1, 1.5, 2 ** 31, 2 ** 53, 1e308, "", "a", "0", "A"),
  fc.constantFrom("\ud800", "\u0000", "é", "village-bank", "0".repeat(64), "f".repeat(128)),
  fc.constantFrom("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "2026-02-29T00:00:00Z"),
  fc.constantFrom("once", "1d", "9999d", "score", "localhost:0", "wss://h:1", "AAAA"),
  fc.constantFrom(Array(2000).fill(0), Array(100).fill("a"), [], {}, [null], [[]]),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: "binary", maxLength: 20 }),
);

function changedValue(root: unknown, { pick, other, how, junk }: Change): unknown {
  const paths = pathsOf(root);
  const path = paths[pick % paths.length] as Path;
  const value = valueAt(root, path);
  const name = NAMES[other % NAMES.length] as string;
  switch (how) {
    case "remove":
      return without(root, path);
    case "replace":
      return replaced(root, path, junk);
    case "nudge":
      return replaced(root, path, nudged(value, other));
    case "wrap":
      return replaced(root, path, other % 2 === 0 ? [value] : { [name]: value });
    case "swap":
      return replaced(root, path, valueAt(root, paths[other % paths.length] as Path));
    case "repeat":
      return Array.isArray(value)
        ? replaced(root, path, [...value, ...value])
        : added(root, path, name, value);
    case "rename":
      return path.length === 0 ? root : added(without(root, path), path, name, value);
    case "add":
      return isObject(value) ? replaced(root, path, withMember(value, name, junk)) : root;
  }
}

/** Of every value within, the root first. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const keys = Array.isArray(value) ? value.map((_, at) => at) : Object.keys(value);
  return [path, ...keys.flatMap((key) => pathsOf(memberOf(value, key), [...path, key]))];
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce(memberOf, root);
}

function memberOf(value: unknown, key: string | number): unknown {
  return (value as Record<string | number, unknown>)[key];
}

function replaced(root: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const next = replaced(memberOf(root, key), rest, value);
  if (Array.isArray(root)) return root.with(key as number, next);
  return withMember(root as object, key as string, next);
}

function without(root: unknown, path: Path): unknown {
  const key = path.at(-1);
  if (key === undefined) return {};
  const parent = valueAt(root, path.slice(0, -1));
  const rest = Array.isArray(parent)
    ? parent.toSpliced(key as number, 1)
    : Object.fromEntries(Object.entries(parent as object).filter(([each]) => each !== key));
  return replaced(root, path.slice(0, -1), rest);
}

/** A sibling of what is, or was, at `path`. */
function added(root: unknown, path: Path, name: string, value: unknown): unknown {
  const parent = valueAt(root, path.slice(0, -1));
  const next = Array.isArray(parent)
    ? [...parent, value]
    : withMember(isObject(parent) ? parent : {}, name, value);
  return replaced(root, path.slice(0, -1), next);
}

/** By entries: an assignment to `__proto__` would be none. */
function withMember(object: object, key: string, value: unknown): object {
  const others = Object.entries(object);
  const at = others.findIndex(([each]) => each === key);
  return Object.fromEntries(
    at < 0 ? [...others, [key, value]] : others.with(at, [key, value]),
  ) as object;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Another value of the same kind, as near as can be. */
function nudged(value: unknown, by: number): unknown {
  if (typeof value === "number") return by % 2 === 0 ? value + 1 : value - 1;
  if (typeof value === "boolean") return !value;
  if (Array.isArray(value)) return by % 2 === 0 ? [...value].reverse() : value.slice(1);
  if (typeof value !== "string" || value === "") return value;
  const at = by % value.length;
  const code = value.charCodeAt(at);
  return value.slice(0, at) + String.fromCharCode(code ^ 1) + value.slice(at + 1);
}

function flipping({ at, bit }: { at: number; bit: number }): Edit {
  return (bytes) => {
    const byte = bytes[at];
    if (byte === undefined) return bytes;
    return splicing({ at, cut: 1, put: Uint8Array.of(byte ^ (1 << bit)) })(bytes);
  };
}

function splicing({ at, cut, put }: { at: number; cut: number; put: Uint8Array }): Edit {
  return (bytes) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
}

function truncating(end: number): Edit {
  return (bytes) => bytes.subarray(0, end);
}

function copying({ at, from, length }: { at: number; from: number; length: number }): Edit {
  return (bytes) => splicing({ at, cut: 0, put: bytes.subarray(from, from + length) })(bytes);
}

/** A line left out, repeated, or moved elsewhere; in JSON, a member twice. */
function relining({ from, to, how }: { from: number; to: number; how: number }): Edit {
  return (bytes) => {
    const lines = bytes.toString("latin1").split("\n");
    const at = from % lines.length;
    const rest = how === 1 ? lines : lines.toSpliced(at, 1);
    const next = how === 0 ? rest : rest.toSpliced(to % (rest.length + 1), 0, lines[at] as string);
    return Buffer.from(next.join("\n"), "latin1");
  };
}
