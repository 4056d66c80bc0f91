import { createHash } from "node:crypto";
import { expand_message_xmd } from "@noble/curves/abstract/hash-to-curve.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { expandMessageXmd } from "./expand-message.ts";

/** SHA-512 in the shape that @noble/curves asks for. */
const sha512 = Object.assign(
  (message: Uint8Array) => new Uint8Array(createHash("sha512").update(message).digest()),
  { outputLen: 64, blockLen: 128 },
) as unknown as Parameters<typeof expand_message_xmd>[3];

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

it("agrees with @noble/curves for every message, tag and length", () => {
  fc.assert(
    fc.property(
      bytes(300),
      fc.uint8Array({ minLength: 1, maxLength: 255 }),
      fc.integer({ min: 1, max: 400 }),
      (message, dst, length) => {
        const expected = expand_message_xmd(message, dst, length, sha512);
        expect(Buffer.from(expandMessageXmd(message, dst, length))).toEqual(Buffer.from(expected));
      },
    ),
  );
});

it("takes a tag as text too", () => {
  const [message, tag] = [new Uint8Array([1]), "tag"];
  expect(expandMessageXmd(message, tag, 64)).toEqual(
    expandMessageXmd(message, new TextEncoder().encode(tag), 64),
  );
});

it("refuses tags and lengths that the RFC does not define", () => {
  const message = new Uint8Array(1);
  expect(() => expandMessageXmd(message, "", 64)).toThrow(RangeError);
  expect(() => expandMessageXmd(message, "x".repeat(256), 64)).toThrow(RangeError);
  for (const length of [0, -1, 1.5, 64 * 255 + 1]) {
    expect(() => expandMessageXmd(message, "tag", length)).toThrow(RangeError);
  }
});
