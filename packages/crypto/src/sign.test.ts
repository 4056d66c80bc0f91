import { createPublicKey, verify as cryptoVerify } from "node:crypto";
import { inspect } from "node:util";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, it } from "vitest";
import { frame } from "./digest.ts";
import { EncodingError } from "./encoding-error.ts";
import { seededRng } from "./rng.ts";
import { SigningKey, sign, VerifyingKey, verify } from "./sign.ts";

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const seed = seededRng("signing").bytes(32);
const key = new SigningKey(seed);
const part = new Uint8Array([1, 2, 3]);

describe("signatures", () => {
  it("are RFC 8032's over the framing, as in @noble/curves", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.uint8Array(), { maxLength: 4 }),
        (anySeed, parts) => {
          const signer = new SigningKey(anySeed);
          expect(signer.verifyingKey.bytes).toEqual(ed25519.getPublicKey(anySeed));
          const signature = sign(signer, "moiety/test/v1", ...parts);
          expect(signature).toEqual(ed25519.sign(frame("moiety/test/v1", ...parts), anySeed));
          expect(verify(signer.verifyingKey, signature, "moiety/test/v1", ...parts)).toBe(true);
        },
      ),
      { numRuns: 10 },
    );
  });

  it("derive RFC 8032 7.1's first public key from its seed", () => {
    const rfc = new SigningKey(
      fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    );
    expect(rfc.verifyingKey.bytes).toEqual(
      fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    );
  });

  it("hold for one context, one list of parts, and one key", () => {
    const signature = sign(key, "ab", part, part);
    const holds = (context: string, ...parts: Uint8Array[]) =>
      verify(key.verifyingKey, signature, context, ...parts);
    expect(holds("ab", part, part)).toBe(true);
    expect(holds("a", part, part)).toBe(false);
    expect(holds("abc", part, part)).toBe(false);
    expect(holds("ab", part)).toBe(false);
    expect(holds("ab", part, part, new Uint8Array(0))).toBe(false);
    expect(holds("ab", new Uint8Array([...part, ...part]))).toBe(false);
    expect(holds("ab", new Uint8Array([...part, 1]), new Uint8Array([2, 3]))).toBe(false);
    const other = new SigningKey(seededRng("other").bytes(32));
    expect(verify(other.verifyingKey, signature, "ab", part, part)).toBe(false);
  });

  it("with any byte altered, or another length, are refused", () => {
    const signature = sign(key, "test", part);
    for (let at = 0; at < 64; at++) {
      const altered = signature.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(verify(key.verifyingKey, altered, "test", part)).toBe(false);
    }
    for (const length of [0, 63, 65]) {
      expect(verify(key.verifyingKey, new Uint8Array(length), "test", part)).toBe(false);
    }
  });

  it("malleated to S + L are refused, though tweetnacl takes them", () => {
    const signature = sign(key, "test", part);
    const order = ed25519.Point.Fn.ORDER;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`) + order;
    const malleated = new Uint8Array(signature);
    malleated.set(fromHex(s.toString(16).padStart(64, "0")).reverse(), 32);
    const message = frame("test", part);
    expect(nacl.sign.detached.verify(message, malleated, key.verifyingKey.bytes)).toBe(true);
    expect(verify(key.verifyingKey, malleated, "test", part)).toBe(false);
  });
});

describe("verifying keys", () => {
  /** RFC 8032's signature of nothing at all: R the identity, S zero. */
  const empty = new Uint8Array(64);
  empty[0] = 1;

  it("of low order are refused: under the identity anybody signs anything", () => {
    const identity = empty.slice(0, 32);
    const x = Buffer.from(identity).toString("base64url");
    const unchecked = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(cryptoVerify(null, part, unchecked, empty)).toBe(true);
    expect(() => new VerifyingKey(identity)).toThrow(EncodingError);
  });

  it.each(ED25519_TORSION_SUBGROUP)("of low order are refused: %s", (hex) => {
    expect(() => new VerifyingKey(fromHex(hex), "bank")).toThrow(/^bank: .*prime order/);
  });

  it.each([
    ["y = 1 with the sign bit", `01${"00".repeat(30)}80`],
    ["y = p", `ed${"ff".repeat(30)}7f`],
    ["y = p + 1", `ee${"ff".repeat(30)}7f`],
    ["y = p + 3, on the curve", `f0${"ff".repeat(30)}7f`],
    ["y = 2^255 - 1", `${"ff".repeat(31)}7f`],
    ["not on the curve", `02${"00".repeat(31)}`],
  ])("that are not canonical points are refused: %s", (_, hex) => {
    expect(() => new VerifyingKey(fromHex(hex))).toThrow(EncodingError);
  });

  it("with a low-order component are refused", () => {
    const torsion = ed25519.Point.fromHex(ED25519_TORSION_SUBGROUP[1]!);
    const mixed = ed25519.Point.fromBytes(key.verifyingKey.bytes).add(torsion);
    expect(() => new VerifyingKey(mixed.toBytes())).toThrow(EncodingError);
  });

  it("are read into an array of their own, and from 32 bytes only", () => {
    const source = new Uint8Array(key.verifyingKey.bytes);
    const read = new VerifyingKey(source);
    source.fill(0);
    expect(read.bytes).toEqual(key.verifyingKey.bytes);
    expect(() => new VerifyingKey(new Uint8Array(33))).toThrow(/32 bytes expected/);
  });
});

describe("signing keys", () => {
  it("come from 32 bytes only", () => {
    expect(() => new SigningKey(new Uint8Array(31))).toThrow(/32 bytes expected/);
  });

  it("do not print their seed", () => {
    const print = (thing: unknown): string =>
      inspect(thing, { showHidden: true, depth: 9, maxArrayLength: null }).replace(/\s+/g, " ");
    const d = key.keyObject.export({ format: "jwk" }).d ?? "";
    expect(Buffer.from(d, "base64url")).toEqual(Buffer.from(seed));
    for (const text of [
      print(key),
      print(key.keyObject),
      JSON.stringify(key),
      `${key.keyObject}`,
    ]) {
      expect(text).not.toContain(d);
      expect(text).not.toContain([...seed].join(", "));
    }
  });
});
