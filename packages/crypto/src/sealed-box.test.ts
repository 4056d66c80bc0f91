import { inspect } from "node:util";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, it } from "vitest";
import { framedHash } from "./digest.ts";
import { EncodingError } from "./encoding-error.ts";
import { seededRng, tapeRng } from "./rng.ts";
import {
  openSealed,
  parseSealingKey,
  SEALED_OVERHEAD_BYTES,
  SealError,
  seal,
  sealedKeyPair,
} from "./sealed-box.ts";

const rng = seededRng("sealed box");
const recipient = sealedKeyPair(rng);
const context = new TextEncoder().encode("deposit 7, chunk 3");

describe("a sealed box", () => {
  it("opens for its recipient in its context, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array(), (plaintext, ctx) => {
        const sealed = seal(recipient.publicKey, ctx, plaintext, rng);
        expect(sealed).toHaveLength(plaintext.length + SEALED_OVERHEAD_BYTES);
        expect(openSealed(recipient, ctx, sealed)).toEqual(plaintext);
      }),
      { numRuns: 20 },
    );
  });

  it("opens when it is part of a larger buffer, and leaves that alone", () => {
    const sealed = seal(recipient.publicKey, context, new Uint8Array([1, 2, 3]), rng);
    const buffer = Buffer.concat([Buffer.from("xx"), sealed, Buffer.from("yy")]);
    const before = Buffer.from(buffer);
    const part = buffer.subarray(2, 2 + sealed.length);
    expect(openSealed(recipient, context, part)).toEqual(new Uint8Array([1, 2, 3]));
    expect(buffer).toEqual(before);
  });

  it("does not open with any byte altered, missing or added", () => {
    const sealed = seal(recipient.publicKey, context, new Uint8Array([1, 2, 3]), rng);
    for (let at = 0; at < sealed.length; at++) {
      const altered = sealed.map((byte, i) => (i === at ? byte ^ 0x40 : byte));
      expect(() => openSealed(recipient, context, altered)).toThrow(SealError);
    }
    const highBit = sealed.map((byte, i) => (i === 31 ? byte ^ 0x80 : byte));
    expect(() => openSealed(recipient, context, highBit)).toThrow(SealError);
    for (const length of [0, 1, 32, SEALED_OVERHEAD_BYTES, sealed.length - 1]) {
      expect(() => openSealed(recipient, context, sealed.subarray(0, length))).toThrow(SealError);
    }
    const longer = new Uint8Array([...sealed, 0]);
    expect(() => openSealed(recipient, context, longer)).toThrow(SealError);
  });

  it("does not open for another key or in another context, and says nothing of which", () => {
    const sealed = seal(recipient.publicKey, context, new Uint8Array(9), rng);
    const attempts = [
      () => openSealed(sealedKeyPair(rng), context, sealed),
      () => openSealed(recipient, context.subarray(1), sealed),
      () => openSealed(recipient, new Uint8Array(0), sealed),
      () => openSealed(recipient, context, new Uint8Array(5)),
    ];
    const messages = attempts.map((attempt) => {
      try {
        return attempt();
      } catch (error) {
        return error instanceof SealError ? error.message : error;
      }
    });
    expect(new Set(messages)).toEqual(new Set([new SealError().message]));
  });

  it("is NaCl's box under the documented key, nonce and commitment", () => {
    const plaintext = new Uint8Array([4, 5, 6]);
    const drawn = seededRng("ephemeral").bytes(32);
    const given = [recipient.publicKey, context, plaintext];
    const secret = framedHash("moiety/sealed-box/v1/ephemeral", drawn, ...given);
    const ephemeral = nacl.box.keyPair.fromSecretKey(secret).publicKey;
    const tape = tapeRng(drawn);
    const sealed = seal(recipient.publicKey, context, plaintext, tape);
    tape.end();
    const hash = (what: string, ...parts: Uint8Array[]) =>
      framedHash(`moiety/sealed-box/v1/${what}`, ephemeral, recipient.publicKey, ...parts);
    const message = new Uint8Array([...hash("commitment", context), ...plaintext]);
    const boxed = nacl.box(message, hash("nonce").slice(0, 24), recipient.publicKey, secret);
    expect(sealed).toEqual(new Uint8Array([...ephemeral, ...boxed]));
  });

  it("differs each time, for the ephemeral key is fresh", () => {
    const [a, b] = [0, 1].map(() => seal(recipient.publicKey, context, new Uint8Array(8), rng));
    expect(a!.subarray(0, 32)).not.toEqual(b!.subarray(0, 32));
    expect(a!.subarray(32)).not.toEqual(b!.subarray(32));
  });

  it("never has one ephemeral key for two messages, even if the generator repeats itself", () => {
    const sealedWith = (to: typeof recipient, ctx: Uint8Array, plaintext: Uint8Array) =>
      Buffer.from(seal(to.publicKey, ctx, plaintext, seededRng("a restored snapshot")));
    const first = sealedWith(recipient, context, new Uint8Array([1, 2]));
    const others = [
      sealedWith(recipient, context, new Uint8Array([1, 3])),
      sealedWith(recipient, context, new Uint8Array([1, 2, 0])),
      sealedWith(recipient, context.subarray(1), new Uint8Array([1, 2])),
      sealedWith(sealedKeyPair(rng), context, new Uint8Array([1, 2])),
    ];
    const keys = [first, ...others].map((sealed) => sealed.toString("hex", 0, 32));
    expect(new Set(keys).size).toBe(keys.length);
    expect(sealedWith(recipient, context, new Uint8Array([1, 2]))).toEqual(first);
  });
});

describe("sealing keys", () => {
  it("are read into an array of their own", () => {
    const source = new Uint8Array(recipient.publicKey);
    const key = parseSealingKey(source);
    source.fill(0);
    expect(key).toEqual(recipient.publicKey);
  });

  it("of low order are refused, and wrong lengths", () => {
    // All but the identity, which has no Montgomery u.
    const lowOrder = ED25519_TORSION_SUBGROUP.slice(1).map((hex) =>
      ed25519.utils.toMontgomery(new Uint8Array(Buffer.from(hex, "hex"))),
    );
    const one = new Uint8Array(32);
    one[0] = 1;
    const highBit = one.map((byte, i) => (i === 31 ? 0x80 : byte));
    for (const bytes of [...lowOrder, one, highBit]) {
      expect(() => parseSealingKey(bytes, "bureau-a")).toThrow(/^bureau-a: .*low order/);
    }
    expect(() => parseSealingKey(new Uint8Array(31).fill(9))).toThrow(EncodingError);
  });

  it("do not print their secret half", () => {
    const print = (thing: unknown): string =>
      inspect(thing, { showHidden: true, depth: 9, maxArrayLength: null }).replace(/\s+/g, " ");
    const digits = [...recipient.secretKey].join(", ");
    expect(print({ key: recipient.secretKey })).toContain(digits);
    expect(print(recipient)).not.toContain(digits);
    expect(Object.keys(JSON.parse(JSON.stringify(recipient)))).toEqual(["publicKey"]);
  });
});
