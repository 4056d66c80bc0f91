/** What is planted: pieces of people's data that must not be seen where they do not belong. */
import { createHash } from "node:crypto";

export type CanaryKind = "identifier" | "number" | "text";

/** One identifier, 12-digit value or text, and who may rightly hold it. */
export interface Canary {
  /** What tests call it; never the value. */
  readonly name: string;
  readonly kind: CanaryKind;
  /** All ways of writing it that occur; the first is the one that is planted. */
  readonly forms: readonly string[];
  /** Of a number, and of identifiers that are one. */
  readonly integers: readonly bigint[];
  /** Of identifiers: the bytes that the OPRF takes. */
  readonly canonical?: Uint8Array;
  /** Parties that may receive and store it. */
  readonly holders: ReadonlySet<string>;
}

/**
 * Decimal digits that nothing else contains: a hash of the label, the first digit not 0. Fixed, so
 * that what varies from run to run, and may equal a canary by chance, is the network's randomness.
 */
export function digits(label: string, count: number): string {
  const hash = createHash("sha256").update(`canary digits ${label}`).digest("hex");
  const [first, rest] = [BigInt(`0x${hash.slice(0, 8)}`), BigInt(`0x${hash.slice(8)}`)];
  const head = 1n + (first % 9n);
  return `${head}${(rest % 10n ** BigInt(count - 1)).toString().padStart(count - 1, "0")}`;
}

/** A value of a `number` feature. */
export function numberCanary(name: string, holders: readonly string[]): Canary {
  const plain = digits(name, 12);
  const groups = plain.match(/.{3}/g) as string[];
  const grouped = [",", ".", " ", "_", "'"].map((separator) => groups.join(separator));
  return {
    name,
    kind: "number",
    // The last one is the beginning of 7.31905846217e11, which is how some formatters write it.
    forms: [plain, ...grouped, `${plain[0]}.${plain.slice(1)}`],
    integers: [BigInt(plain)],
    holders: new Set(holders),
  };
}

/** A value of a `category` feature that its catalogue does not list. */
export function textCanary(name: string, holders: readonly string[]): Canary {
  const text = `Quantharion ${digits(name, 10)} Ltd`;
  return {
    name,
    kind: "text",
    forms: [text, text.toLowerCase(), text.toUpperCase()],
    integers: [],
    holders: new Set(holders),
  };
}

/** A Chinese mobile number, in a range (12…) that is not given out. `canonical` as README of model. */
export function phoneCanary(name: string, holders: readonly string[]): Canary {
  const national = `12${digits(name, 9)}`;
  const [a, b, c] = [national.slice(0, 3), national.slice(3, 7), national.slice(7)];
  return {
    name,
    kind: "identifier",
    forms: [
      national,
      `+86 ${a} ${b} ${c}`,
      `0086-${a}-${b}-${c}`,
      `86${national}`,
      `+86${national}`,
      `phone:+86${national}`,
    ],
    integers: [BigInt(national), BigInt(`86${national}`)],
    canonical: Buffer.from(`phone:+86${national}`),
    holders: new Set(holders),
  };
}

/** A citizen number (GB 11643-1999), given, because it must be a valid one. */
export function citizenCanary(name: string, number: string, holders: readonly string[]): Canary {
  return {
    name,
    kind: "identifier",
    forms: [number, number.toLowerCase(), `national-id:${number}`],
    integers: [BigInt(number.replace(/X$/, ""))],
    canonical: Buffer.from(`national-id:${number}`),
    holders: new Set(holders),
  };
}
