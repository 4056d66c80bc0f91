/**
 * Bounded codecs: what a message's fields may be. `fromWire` is the only way in from a peer, and
 * refuses what is out of range, too long, missing or unknown, naming the field.
 */
import {
  type Element,
  EncodingError,
  parseElements,
  parseScalar,
  type Scalar,
} from "@moiety/crypto";
import type { Wire } from "./msgpack.ts";
import {
  FORBIDDEN_KEYS,
  MAX_INTEGER,
  MAX_ITEMS,
  MAX_KEY_BYTES,
  MAX_MAP_KEYS,
  MAX_TEXT_BYTES,
  MIN_INTEGER,
} from "./prescan.ts";

/** A field that is not what the message declares. `path` names it, e.g. `blinded.elements`. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly path: string;
  constructor(path: string, detail: string) {
    super(`${path}: ${detail}`);
    this.path = path;
  }
}

export interface Codec<T> {
  /** Throws `WireError` when `value` is out of the declared bounds: this side's own mistake. */
  toWire(value: T, path: string): Wire;
  /** Throws `WireError` when a peer's value is out of the declared bounds. */
  fromWire(wire: Wire | undefined, path: string): T;
}

/** The type of the values that a codec carries. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

function symmetric<T extends Wire>(check: (value: Wire | undefined, path: string) => T): Codec<T> {
  return { toWire: check, fromWire: check };
}

/**
 * A codec is declared once, by us: bounds that the wire cannot carry are a `RangeError` at once.
 */
function declared(sound: boolean, what: string): void {
  if (!sound) throw new RangeError(`codec: ${what}`);
}

/** A whole number in `min..max`, at least -32 and at most 2^32 - 1. */
export function integer(max: number, min: number = 0): Codec<number> {
  declared(
    min >= MIN_INTEGER && min <= max && max <= MAX_INTEGER,
    `an integer's bounds lie within ${MIN_INTEGER}..${MAX_INTEGER}`,
  );
  return symmetric((value, path) => {
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
      throw new WireError(path, `not a whole number in ${min}..${max}`);
    return value as number;
  });
}

/** A whole number below 2^32 in four bytes, so that its size does not depend on its value. */
export const uint32: Codec<number> = {
  toWire(value, path) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
      throw new WireError(path, "not a whole number below 2^32");
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return bytes;
  },
  fromWire(wire, path) {
    const bytes = fixedBytes(4).fromWire(wire, path);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  },
};

/** Bytes of a length in `min..max`, a multiple of `unit`. */
export function bytes(max: number, { min = 0, unit = 1 } = {}): Codec<Uint8Array> {
  return symmetric((value, path) => {
    if (!(value instanceof Uint8Array)) throw new WireError(path, "not bytes");
    if (value.length < min || value.length > max)
      throw new WireError(path, `${value.length} bytes, expected ${min}..${max}`);
    if (value.length % unit !== 0)
      throw new WireError(path, `${value.length} bytes, expected a multiple of ${unit}`);
    return value;
  });
}

/** Exactly `length` bytes. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return bytes(length, { min: length });
}

/** Half of a surrogate pair, which UTF-8 cannot hold, and a leading mark, which decoders drop. */
const UNSENDABLE = /\p{Cs}|^\uFEFF/u;

/**
 * Text of at most `max` UTF-16 units that matches `pattern` as a whole (anchored here; the flags
 * `g`, `y` and `m` have no effect). The default is any text without control characters.
 */
export function text(max: number, pattern: RegExp = /[^\p{Cc}]*/u): Codec<string> {
  declared(3 * max <= MAX_TEXT_BYTES, `text of at most ${MAX_TEXT_BYTES / 3} UTF-16 units`);
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gym]/g, ""));
  return symmetric((value, path) => {
    if (typeof value !== "string") throw new WireError(path, "not text");
    if (value.length > max) throw new WireError(path, `text longer than ${max}`);
    if (UNSENDABLE.test(value) || !whole.test(value))
      throw new WireError(path, "text of another form than declared");
    return value;
  });
}

/** A party's, domain's or protocol's name as it may stand on the wire. */
export const nameText: Codec<string> = text(64, /[a-z0-9][a-z0-9._-]*/);

export const flag: Codec<boolean> = symmetric((value, path) => {
  if (typeof value !== "boolean") throw new WireError(path, "not a boolean");
  return value;
});

/** One of the given words. */
export function oneOf<const T extends string>(words: readonly T[]): Codec<T> {
  return symmetric((value, path) => {
    if (!words.includes(value as T)) throw new WireError(path, `not one of ${words.join(", ")}`);
    return value as T;
  });
}

/** A list of `min..max` items. */
export function list<T>(item: Codec<T>, max: number, min: number = 0): Codec<readonly T[]> {
  declared(min <= max && max < MAX_ITEMS, `a list of fewer than ${MAX_ITEMS} items`);
  function bounded<V>(value: V, path: string): V & readonly unknown[] {
    if (!Array.isArray(value)) throw new WireError(path, "not a list");
    if (value.length < min || value.length > max)
      throw new WireError(path, `${value.length} items, expected ${min}..${max}`);
    return value as V & readonly unknown[];
  }
  return {
    toWire: (value, path) =>
      bounded(value, path).map((entry, index) => item.toWire(entry, `${path}[${index}]`)),
    fromWire: (wire, path) =>
      bounded(wire, path).map((entry, index) => item.fromWire(entry as Wire, `${path}[${index}]`)),
  };
}

type Fields = Readonly<Record<string, Codec<unknown>>>;
type ObjectOf<F extends Fields> = { readonly [K in keyof F]: Decoded<F[K]> };

/** An object with exactly the given fields. */
export function object<F extends Fields>(fields: F): Codec<ObjectOf<F>> {
  const entries = Object.entries(fields);
  declared(entries.length <= MAX_MAP_KEYS, `an object of at most ${MAX_MAP_KEYS} fields`);
  for (const [key] of entries)
    declared(
      !FORBIDDEN_KEYS.has(key) && Buffer.byteLength(key) <= MAX_KEY_BYTES,
      `${key} may not name a field`,
    );
  return {
    toWire: (value, path) =>
      Object.fromEntries(
        entries.map(([key, codec]) => [key, codec.toWire(value[key], `${path}.${key}`)]),
      ),
    fromWire(wire, path) {
      if (typeof wire !== "object" || wire === null || Array.isArray(wire))
        throw new WireError(path, "not an object");
      if (wire instanceof Uint8Array) throw new WireError(path, "not an object");
      const given = wire as Readonly<Record<string, Wire>>;
      for (const key of Object.keys(given))
        if (!Object.hasOwn(fields, key)) throw new WireError(path, "unknown key");
      const built = entries.map(([key, codec]) => {
        const field = Object.hasOwn(given, key) ? given[key] : undefined;
        if (field === undefined) throw new WireError(`${path}.${key}`, "missing");
        return [key, codec.fromWire(field, `${path}.${key}`)];
      });
      return Object.fromEntries(built) as ObjectOf<F>;
    },
  };
}

/** Group elements of 32 bytes each, packed; every one is decoded as RFC 9496 4.3.1 demands. */
export function elements(max: number, min: number = 0): Codec<readonly Element[]> {
  return packed(max, min, parseElements);
}

/** Scalars of 32 bytes each, packed, canonical. */
export function scalars(max: number, min: number = 0): Codec<readonly Scalar[]> {
  return packed(max, min, (parts, path) =>
    parts.map((part, index) => parseScalar(part, `${path}[${index}]`)),
  );
}

function packed<T extends Uint8Array>(
  max: number,
  min: number,
  parse: (parts: readonly Uint8Array[], path: string) => readonly T[],
): Codec<readonly T[]> {
  const whole = bytes(32 * max, { min: 32 * min, unit: 32 });
  return {
    toWire(value, path) {
      const joined = new Uint8Array(32 * value.length);
      for (const [index, part] of value.entries()) {
        if (part.length !== 32) throw new WireError(`${path}[${index}]`, "not 32 bytes");
        joined.set(part, 32 * index);
      }
      return whole.toWire(joined, path);
    },
    fromWire(wire, path) {
      const joined = whole.fromWire(wire, path);
      const parts = Array.from({ length: joined.length / 32 }, (_, index) =>
        joined.subarray(32 * index, 32 * index + 32),
      );
      try {
        return parse(parts, path);
      } catch (error) {
        if (error instanceof EncodingError) throw new WireError(error.what, error.message);
        throw new WireError(path, "not decodable");
      }
    },
  };
}
