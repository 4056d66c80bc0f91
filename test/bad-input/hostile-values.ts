/**
 * One MessagePack value for each class that the gate in front of the decoder refuses. Where there is
 * room they hold `CANARY`, which must turn up in no log.
 */
import { hex, pack } from "./bytes.ts";

export const CANARY = "xylotomous-canary";

const canary = pack.text(CANARY);
const list = pack.list();
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
/** A map with the canary under a key of these bytes. */
const under = (key: Uint8Array): Buffer => join(hex("81"), key, canary);
const nested = (depth: number): Buffer => join(hex("91".repeat(depth)), canary);

/** Name of the class → bytes, and the words by which the log calls it. */
export const HOSTILE_VALUES: Readonly<Record<string, readonly [bytes: Buffer, class_: string]>> = {
  "a key twice": [pack.map([CANARY, list], [CANARY, list]), "duplicate key"],
  "the key __proto__": [under(pack.text("__proto__")), "forbidden key"],
  "the key constructor": [under(pack.text("constructor")), "forbidden key"],
  "the key prototype": [under(pack.text("prototype")), "forbidden key"],
  "a key that is a number": [under(hex("05")), "key is not text"],
  "a key that is binary": [under(pack.bytes(Buffer.from(CANARY))), "key is not text"],
  "a timestamp (extension)": [join(hex("d6ff"), hex("00000000"), canary), "extension type"],
  "an extension with a length": [
    join(hex("c7"), Buffer.of(CANARY.length, 1), Buffer.from(CANARY)),
    "extension type",
  ],
  "invalid UTF-8": [pack.map([CANARY, hex("a2c328")]), "invalid UTF-8"],
  "invalid UTF-8 in a key": [under(hex("a3eda080")), "invalid UTF-8"],
  "a byte order mark in text": [join(hex("a4efbbbf78")), "byte order mark"],
  NaN: [pack.map([CANARY, hex("cb7ff8000000000000")]), "float"],
  "a float": [pack.map([CANARY, hex("ca3fc00000")]), "float"],
  "an integer of 64 bits": [hex("cf ffffffffffffffff"), "integer out of range"],
  "a negative integer of 8 bits": [hex("d0 80"), "integer out of range"],
  "the reserved byte": [join(hex("92c1"), canary), "reserved byte"],
  nil: [pack.map([CANARY, hex("c0")]), "nil"],
  "lists in lists in lists": [nested(9), "too deep"],
  "lists without end": [nested(4000), "too deep"],
  "a list that is longer than it is": [join(hex("ddffffffff"), canary), "truncated"],
  "text that is longer than it is": [join(hex("dbffff0000"), canary), "too long"],
  "bytes that are longer than they are": [join(hex("c6ffffffff"), canary), "truncated"],
  "a key that is too long": [
    under(join(hex("d929"), Buffer.from(CANARY.padEnd(41, "y")))),
    "too long",
  ],
  "a map with 65 keys": [join(hex("de0041"), canary), "too many items"],
  "a number in two bytes that fits in one": [join(hex("92cc05"), canary), "not in shortest form"],
  "text with a longer head than needed": [
    join(hex("d9"), Buffer.of(CANARY.length), Buffer.from(CANARY)),
    "not in shortest form",
  ],
  "bytes with a longer head than needed": [
    join(hex("c500"), Buffer.of(CANARY.length), Buffer.from(CANARY)),
    "not in shortest form",
  ],
  "a second value after the first": [join(list, canary), "trailing bytes"],
  "half a value": [canary.subarray(0, -1), "truncated"],
  nothing: [hex(""), "truncated"],
};
