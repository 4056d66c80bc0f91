/**
 * Every way in which one body of a message is spoilt: the decoded tree is walked, field by field.
 */
import { encode, MAX_INTEGER, MIN_INTEGER, type Wire } from "@moiety/kit";

export interface BodyEdit {
  /** The field, e.g. `d` or `segments[].offset`; empty for the body as a whole. */
  readonly field: string;
  readonly what: string;
  readonly body: Uint8Array;
}

/** All edits of one body, none of which leaves it as it was. */
export function bodyEdits(body: Wire): readonly BodyEdit[] {
  const whole = encode(body);
  const edits = [...valueEdits(body, "", (bytes) => bytes)];
  return edits.filter((edit) => Buffer.compare(edit.body, whole) !== 0);
}

/** Puts the encoding of one value in its place in the body. */
type Put = (bytes: Uint8Array) => Uint8Array;

const RAW: Readonly<Record<string, Uint8Array>> = {
  nil: Uint8Array.of(0xc0),
  "a float": Uint8Array.of(0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0),
  "2^32": Uint8Array.of(0xcf, 0, 0, 0, 1, 0, 0, 0, 0),
  "an extension": Uint8Array.of(0xd4, 1, 0),
};

/** What only the protocol itself can find comes first, what every gate refuses last. */
function* valueEdits(value: Wire, field: string, put: Put): Generator<BodyEdit> {
  if (typeof value === "number") yield* replaced(numberEdits(value), field, put);
  else if (typeof value === "boolean") yield { field, what: "negated", body: put(encode(!value)) };
  else if (typeof value === "string") yield* replaced(textEdits(value), field, put);
  else if (value instanceof Uint8Array) yield* replaced(byteEdits(value), field, put);
  else if (Array.isArray(value)) yield* listEdits(value, field, put);
  else yield* objectEdits(value as Readonly<Record<string, Wire>>, field, put);
  const other = typeof value === "string" ? new Uint8Array(1) : "text";
  yield { field, what: "another type", body: put(encode(other)) };
  for (const [what, bytes] of Object.entries(RAW)) yield { field, what, body: put(bytes) };
}

type Replacement = readonly [what: string, value: Wire];

function* replaced(
  replacements: readonly Replacement[],
  field: string,
  put: Put,
): Generator<BodyEdit> {
  for (const [what, value] of replacements) yield { field, what, body: put(encode(value)) };
}

function numberEdits(value: number): readonly Replacement[] {
  const edits: readonly (readonly [string, number])[] = [
    ["one more", value + 1],
    ["one less", value - 1],
    ["zero", 0],
    ["negative", -1],
    ["the largest", MAX_INTEGER],
    ["the smallest", MIN_INTEGER],
  ];
  return edits.filter(([, edited]) => edited >= MIN_INTEGER && edited <= MAX_INTEGER);
}

function textEdits(value: string): readonly Replacement[] {
  const [first = "", ...rest] = value;
  return [
    ["another letter", (first === "a" ? "b" : "a") + rest.join("")],
    ["longer", `${value}a`],
    ["shorter", value.slice(0, -1)],
    ["empty", ""],
  ];
}

function byteEdits(value: Uint8Array): readonly Replacement[] {
  const last = value.length - 1;
  const edits: Replacement[] = [];
  if (last >= 0)
    for (const [at, bit] of [
      [last >> 1, 0x10],
      [0, 0x01],
      [last, 0x80],
    ] as const)
      edits.push([`bit ${bit} of byte ${at}`, flipped(value, at, bit)]);
  if (value.length === 4) edits.push(...wordEdits(value)); // a `uint32`
  edits.push(["zeros", new Uint8Array(value.length)]);
  if (last >= 0) edits.push(["shorter", value.slice(0, last)]);
  edits.push(["longer", Uint8Array.from([...value, 0])], ["empty", new Uint8Array()]);
  return edits;
}

function wordEdits(value: Uint8Array): readonly Replacement[] {
  const number = new DataView(value.buffer, value.byteOffset).getUint32(0);
  const word = (edited: number): Uint8Array => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, edited);
    return bytes;
  };
  return [
    ["one more", word(number + 1)],
    ["one less", word(number - 1)],
    ["the largest", word(MAX_INTEGER)],
  ];
}

function flipped(value: Uint8Array, at: number, bit: number): Uint8Array {
  const bytes = Uint8Array.from(value);
  bytes[at] = (bytes[at] as number) ^ bit;
  return bytes;
}

function* listEdits(value: readonly Wire[], field: string, put: Put): Generator<BodyEdit> {
  const items = value.map(encode);
  const made = (what: string, changed: readonly Uint8Array[]): BodyEdit => ({
    field,
    what,
    body: put(container(0x90, 0xdc, changed.length, changed)),
  });
  if (items.length === 0) return;
  yield made("without its last item", items.slice(0, -1));
  yield made("last item twice", [...items, ...items.slice(-1)]);
  yield made("first item last", [...items.slice(1), ...items.slice(0, 1)]);
  yield made("empty", []);
  for (const index of new Set([0, items.length - 1])) {
    const inside = (bytes: Uint8Array): Uint8Array => made("", items.with(index, bytes)).body;
    yield* valueEdits(value[index] as Wire, `${field}[]`, inside);
  }
}

function* objectEdits(
  value: Readonly<Record<string, Wire>>,
  field: string,
  put: Put,
): Generator<BodyEdit> {
  const pairs = Object.entries(value).map(([key, each]) => [encode(key), encode(each)]);
  const body = (changed: readonly (readonly Uint8Array[])[]): Uint8Array =>
    put(container(0x80, 0xde, changed.length, changed.flat()));
  const unknown = [encode("unknown"), encode(1)];
  yield { field, what: "an unknown key", body: body([...pairs, unknown]) };
  yield {
    field,
    what: "a forbidden key",
    body: body([...pairs, [encode("__proto__"), encode(1)]]),
  };
  for (const [index, [key, each]] of Object.entries(value).entries()) {
    const inner = field === "" ? key : `${field}.${key}`;
    const pair = pairs[index] as readonly Uint8Array[];
    const inside = (bytes: Uint8Array): Uint8Array =>
      body(pairs.with(index, [pair[0] as Uint8Array, bytes]));
    yield* valueEdits(each, inner, inside);
    yield { field: inner, what: "missing", body: body(pairs.toSpliced(index, 1)) };
    yield { field: inner, what: "twice", body: body([...pairs, pair]) };
  }
}

/** A list or a map with its shortest head: `short` + n below 16 entries, `long` and n above. */
function container(
  short: number,
  long: number,
  entries: number,
  parts: readonly Uint8Array[],
): Uint8Array {
  const head = entries < 16 ? [short + entries] : [long, entries >> 8, entries & 0xff];
  return Uint8Array.from(Buffer.concat([Uint8Array.from(head), ...parts]));
}
