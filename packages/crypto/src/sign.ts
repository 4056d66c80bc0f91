/**
 * Ed25519 signatures by node:crypto (OpenSSL), over a framing that separates domains.
 *
 * What is signed is `frame(context, ...parts)`: injective, so that no two (context, parts) share a
 * signature, and beginning with a zero byte, so that no signature made here can pass for one over
 * text, JSON, DER or a TLS handshake, nor the other way round.
 *
 * OpenSSL refuses a malleated signature (S not below L, RFC 8032 5.1.7) but accepts public keys of
 * low order, under which signatures verify for messages nobody signed: `VerifyingKey` refuses those
 * once, when a key is read, by libsodium's check (canonical, on the curve, of exactly the prime
 * order).
 */
import {
  createPrivateKey,
  createPublicKey,
  sign as cryptoSign,
  verify as cryptoVerify,
  type KeyObject,
} from "node:crypto";
import sodium from "libsodium-wrappers-sumo";
import { frame } from "./digest.ts";
import { EncodingError } from "./encoding-error.ts";

await sodium.ready;

export const SIGNATURE_BYTES: number = 64;
/** Bytes of a seed (RFC 8032 calls it the private key) and of a public key. */
const KEY_BYTES = 32;
/** RFC 8410 7: the PKCS#8 header of an Ed25519 private key, before its 32 bytes. */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** A public key that was checked when it was read; share it freely, keep it for many signatures. */
export class VerifyingKey {
  /** The 32 bytes of RFC 8032. */
  readonly bytes: Uint8Array;
  readonly keyObject: KeyObject;

  /**
   * Throws an `EncodingError` naming `what` unless `bytes` are the canonical encoding of a point of
   * the prime-order group other than the identity.
   */
  constructor(bytes: Uint8Array, what: string = "verifying key") {
    if (bytes.length !== KEY_BYTES) {
      throw new EncodingError(what, `32 bytes expected, got ${bytes.length}`);
    }
    if (!sodium.crypto_core_ed25519_is_valid_point(bytes)) {
      throw new EncodingError(what, "not a canonical Ed25519 point of prime order");
    }
    this.bytes = new Uint8Array(bytes);
    const x = Buffer.from(this.bytes).toString("base64url");
    this.keyObject = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  }
}

/** A private key; it prints its public half only. */
export class SigningKey {
  readonly verifyingKey: VerifyingKey;
  readonly #keyObject: KeyObject;

  /** From the 32-byte seed of RFC 8032; throws an `EncodingError` for another length. */
  constructor(seed: Uint8Array) {
    if (seed.length !== KEY_BYTES) {
      throw new EncodingError("signing key seed", `32 bytes expected, got ${seed.length}`);
    }
    const key = Buffer.concat([PKCS8_HEADER, seed]);
    this.#keyObject = createPrivateKey({ key, format: "der", type: "pkcs8" });
    key.fill(0);
    const { x } = createPublicKey(this.#keyObject).export({ format: "jwk" });
    this.verifyingKey = new VerifyingKey(Buffer.from(x ?? "", "base64url"));
  }

  /** For what node:crypto and TLS do themselves; node never prints its content. */
  get keyObject(): KeyObject {
    return this.#keyObject;
  }
}

/**
 * Signs `parts` in the domain `context`, which names protocol, version and what is being said, e.g.
 * `moiety/deposit/v1/root`. Deterministic. Throws a `RangeError` unless it has 1..255 bytes.
 */
export function sign(key: SigningKey, context: string, ...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(cryptoSign(null, frame(context, ...parts), key.keyObject));
}

/**
 * Whether `signature` is `sign`'s of exactly these. False, never an error, for malformed
 * signatures.
 */
export function verify(
  key: VerifyingKey,
  signature: Uint8Array,
  context: string,
  ...parts: Uint8Array[]
): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  return cryptoVerify(null, frame(context, ...parts), key.keyObject, signature);
}
