/** That the search finds what it should, and nothing else: before it is trusted with a network. */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Canary, numberCanary, phoneCanary, textCanary } from "./canaries.ts";
import { type Carrier, carriersOf, shortCarriersOf } from "./carriers.ts";
import { CANARIES } from "./cast.ts";
import { CHANCE, expectedByChance, PROOF_BYTES, proofCount } from "./chance.ts";
import { base64At, patternsOf } from "./encodings.ts";
import { proven } from "./findings.ts";
import { unframe } from "./frames.ts";
import { Scanner } from "./scanner.ts";

const canaries: Record<string, Canary> = {
  number: numberCanary("a number of the unit test", []),
  text: textCanary("a text of the unit test", []),
  identifier: phoneCanary("a phone of the unit test", []),
};
const patterns = Object.values(canaries).flatMap(patternsOf);
const scanner = new Scanner(patterns);

function encodingsIn(bytes: Uint8Array, canary: Canary): string[] {
  return [...scanner.scan(bytes).keys()]
    .filter((pattern) => pattern.canary === canary)
    .flatMap(({ encodings }) => encodings);
}

describe("the search", () => {
  it.each(Object.entries(canaries))("finds a %s in every encoding, wherever it is", (_, canary) => {
    const carriers: Carrier[] = [...carriersOf(canary), ...shortCarriersOf(canary)];
    expect(carriers.length).toBeGreaterThan(50);
    for (const { bytes, encoding } of carriers) {
      expect(encodingsIn(bytes, canary)).toContain(encoding);
      const inside = Buffer.concat([randomBytes(1000), bytes, randomBytes(1000)]);
      expect(encodingsIn(inside, canary)).toContain(encoding);
    }
  });

  it("finds a pattern at every offset, first and last bytes included, and no part of it", () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.nat(60),
        fc.constantFrom(...patterns),
        (before, after, pattern) => {
          const { bytes } = pattern;
          const noise = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);
          const whole = Buffer.concat([noise(before), bytes, noise(after)]);
          expect(scanner.scan(whole).get(pattern)).toBe(before);
          const cut = Buffer.concat([noise(before), bytes.subarray(0, -1)]);
          expect(scanner.scan(cut).has(pattern)).toBe(false);
        },
      ),
    );
  });

  it("finds nothing in random bytes", () => {
    const everything = CANARIES.flatMap(patternsOf);
    const noise = randomBytes(4 << 20);
    const found = Array.from(new Scanner(everything).scan(noise), ([pattern, offset]) => ({
      pattern,
      offset,
      haystack: { party: "nobody", medium: "wire" as const, name: "noise", bytes: noise },
    }));
    expect(proven(found, everything, noise.length)).toEqual([]);
  });

  it("refuses patterns that chance would find", () => {
    const short = {
      canary: canaries.number as Canary,
      encodings: ["u32"],
      bytes: new Uint8Array(4),
    };
    expect(() => new Scanner([short])).toThrow("u32: too short");
  });
});

describe("base64At", () => {
  it("gives the characters that stay the same whatever stands around", () => {
    const bytes = fc.uint8Array({ minLength: 6, maxLength: 40 });
    const around = fc.uint8Array({ maxLength: 12 });
    fc.assert(
      fc.property(bytes, around, around, (secret, before, after) => {
        const text = Buffer.concat([before, secret, after]).toString("base64");
        expect(text).toContain(base64At(secret, before.length % 3));
      }),
    );
  });
});

describe("what counts as proof", () => {
  it("is one finding of a long pattern, and more of short ones, the more the shorter", () => {
    const bytes = 1e7;
    const lengths = (length: number): number[] => new Array(300).fill(length);
    const counts = [5, 6, 7, PROOF_BYTES].map((n) =>
      proofCount(expectedByChance(lengths(n), bytes)),
    );
    expect(counts).toEqual([4, 2, 2, 1]);
  });

  it("is what chance reaches less often than said", () => {
    for (const expected of [1e-12, 1e-6, 1e-3, 0.1, 1]) {
      const count = proofCount(expected);
      let term = Math.exp(-expected);
      let below = term;
      for (let k = 1; k < count; k += 1) below += term *= expected / k;
      expect(1 - below).toBeLessThan(CHANCE);
    }
  });
});

describe("unframe", () => {
  /** RFC 6455, 5.7: "Hello" in one text frame, unmasked, and masked. */
  it("takes the RFC's own frames apart", () => {
    const plain = Buffer.from("810548656c6c6f", "hex");
    const masked = Buffer.from("818537fa213d7f9f4d5158", "hex");
    const head = Buffer.from("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    for (const frame of [plain, masked]) {
      const { messages, rest } = unframe(Buffer.concat([head, frame, frame]));
      expect([messages.toString(), rest]).toEqual(["HelloHello", 0]);
      expect(unframe(Buffer.concat([head, frame.subarray(0, -1)])).rest).toBe(frame.length - 1);
    }
    const long = Buffer.alloc(70_000, 7);
    const size = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    const { messages } = unframe(Buffer.concat([head, size, long]));
    expect(Buffer.compare(messages, long)).toBe(0);
  });

  it("joins what one channel said, without headers", () => {
    const record = (kind: number, channel: number, text: string): Buffer =>
      Buffer.concat([Buffer.from([kind, 0, 0, 0, 0, 0, 0, channel]), Buffer.from(text)]);
    const frame = (payload: Buffer): Buffer =>
      Buffer.concat([Buffer.from([0x82, payload.length]), payload]);
    const said = [
      record(1, 1, "open"),
      record(2, 1, "....:one"),
      record(2, 3, "x"),
      record(2, 1, "....:two"),
    ];
    const { channels, bodies } = unframe(
      Buffer.concat([Buffer.from("\r\n\r\n"), ...said.map(frame)]),
    );
    expect(channels.toString()).toBe("open....:one....:twox");
    expect(bodies.toString()).toBe("openonetwo");
  });
});
