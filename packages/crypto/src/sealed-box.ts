/**
 * Sealed boxes: bytes that only the holder of one X25519 key can read, from a sender who needs no
 * key.
 *
 *     sealed = e ‖ box(commitment ‖ plaintext; nonce, X25519(e, R))
 *     commitment = SHA-256(framed: "commitment", e, R, context)
 *     nonce      = first 24 bytes of SHA-256(framed: "nonce", e, R)
 *     secret of e = SHA-256(framed: "ephemeral", 32 drawn bytes, R, context, plaintext)
 *
 * `box` is NaCl's (XSalsa20-Poly1305, by tweetnacl); e is the ephemeral, R the recipient's public
 * key.
 *
 * - *The nonce need not be random*: e is made afresh for every seal and its secret forgotten, so
 *   each box key encrypts one message, and hashing both public keys merely gives that message its
 *   nonce.
 * - *The ephemeral secret is hedged*: a generator that repeats (a restored snapshot) would otherwise
 *   encrypt two messages under one key and nonce, which gives away their difference and forgeries.
 *   So it gives equal boxes for equal messages, nothing more. With bytes that are known, though, a
 *   guess at a message can be checked: hedging does not replace randomness.
 * - *The context is bound inside the plaintext*, NaCl's box having no associated data. Deriving the
 *   nonce from it would do against outsiders, but Poly1305 does not commit: a dishonest sender
 *   could make one box that opens under two contexts. With the commitment inside, that takes one
 *   32-byte ciphertext prefix that decrypts to two given digests: a collision of 256 bits.
 *
 * A box says nothing about its sender: where that matters, sign the sealed bytes.
 */
import nacl from "tweetnacl";
import { constantTimeEqual, DIGEST_BYTES, framedHash } from "./digest.ts";
import { EncodingError } from "./encoding-error.ts";
import type { Rng } from "./rng.ts";

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 24;

/** By how much sealing lengthens a message: ephemeral key, tag, commitment. */
export const SEALED_OVERHEAD_BYTES: number = KEY_BYTES + TAG_BYTES + DIGEST_BYTES;

declare const sealingKeyBrand: unique symbol;
/** A recipient's X25519 public key (32 bytes), known not to have a low order. */
export type SealingKey = Uint8Array & { readonly [sealingKeyBrand]: true };

/** A sealed message did not open. One error for every cause: a reason would be an oracle. */
export class SealError extends Error {
  override readonly name: string = "SealError";
  constructor() {
    super("sealed box: it does not open with this key and context");
  }
}

/** A recipient's key pair; it prints its public half only. */
export class SealedKeyPair {
  readonly publicKey: SealingKey;
  readonly #secretKey: Uint8Array;

  /** From a 32-byte X25519 secret key; throws an `EncodingError` for another length. */
  constructor(secretKey: Uint8Array) {
    if (secretKey.length !== KEY_BYTES) {
      throw new EncodingError("secret sealing key", `32 bytes expected, got ${secretKey.length}`);
    }
    const pair = nacl.box.keyPair.fromSecretKey(secretKey);
    this.#secretKey = pair.secretKey;
    this.publicKey = pair.publicKey as SealingKey;
  }

  /** The 32 bytes to write into a key file. */
  get secretKey(): Uint8Array {
    return this.#secretKey;
  }
}

/** A fresh key pair from 32 bytes of `rng`. */
export function sealedKeyPair(rng: Rng): SealedKeyPair {
  return new SealedKeyPair(rng.bytes(KEY_BYTES));
}

/**
 * Reads a recipient's public key. Throws an `EncodingError` naming `what` when the length is wrong
 * or the point has a low order (RFC 7748 6.1): with such a key everybody could open what is sealed.
 */
export function parseSealingKey(bytes: Uint8Array, what: string = "sealing key"): SealingKey {
  if (bytes.length !== KEY_BYTES) {
    throw new EncodingError(what, `32 bytes expected, got ${bytes.length}`);
  }
  // Clamped scalars are multiples of the cofactor: exactly the low-order points give zero.
  if (
    nacl.scalarMult(new Uint8Array(KEY_BYTES).fill(1), new Uint8Array(bytes)).every((b) => b === 0)
  ) {
    throw new EncodingError(what, "a point of low order protects nothing");
  }
  return new Uint8Array(bytes) as SealingKey;
}

/**
 * Seals `plaintext` to `recipient`, bound to `context` (any bytes: version, chunk number, parties
 * …). Draws 32 bytes of `rng`, which the ephemeral key depends on, as on everything else that is given. The result is `SEALED_OVERHEAD_BYTES` longer.
 */
export function seal(
  recipient: SealingKey,
  context: Uint8Array,
  plaintext: Uint8Array,
  rng: Rng,
): Uint8Array {
  const ephemeral = ephemeralKeyPair(recipient, context, plaintext, rng);
  const commitment = commitmentTo(ephemeral.publicKey, recipient, context);
  const message = new Uint8Array(DIGEST_BYTES + plaintext.length);
  message.set(commitment);
  message.set(plaintext, DIGEST_BYTES);

  const key = nacl.box.before(recipient, ephemeral.secretKey);
  ephemeral.secretKey.fill(0);
  const boxed = nacl.box.after(message, nonceFor(ephemeral.publicKey, recipient), key);
  const sealed = new Uint8Array(KEY_BYTES + boxed.length);
  sealed.set(ephemeral.publicKey);
  sealed.set(boxed, KEY_BYTES);
  return sealed;
}

/**
 * Opens what `seal` made for this key pair and context. Throws a `SealError` for everything else:
 * another recipient, another context, any altered, missing or added byte.
 */
export function openSealed(
  keyPair: SealedKeyPair,
  context: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  if (sealed.length < SEALED_OVERHEAD_BYTES) throw new SealError();
  const ephemeral = new Uint8Array(sealed.subarray(0, KEY_BYTES));
  const key = nacl.box.before(ephemeral, keyPair.secretKey);
  const boxed = new Uint8Array(sealed.subarray(KEY_BYTES));
  const message = nacl.box.open.after(boxed, nonceFor(ephemeral, keyPair.publicKey), key);
  if (message === null) throw new SealError();

  const commitment = commitmentTo(ephemeral, keyPair.publicKey, context);
  if (!constantTimeEqual(message.subarray(0, DIGEST_BYTES), commitment)) throw new SealError();
  return message.slice(DIGEST_BYTES);
}

function ephemeralKeyPair(
  recipient: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
  rng: Rng,
): nacl.BoxKeyPair {
  const drawn = rng.bytes(KEY_BYTES);
  const purpose = "moiety/sealed-box/v1/ephemeral";
  const secret = framedHash(purpose, drawn, recipient, context, plaintext);
  const pair = nacl.box.keyPair.fromSecretKey(secret);
  drawn.fill(0);
  secret.fill(0);
  return pair;
}

function nonceFor(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return framedHash("moiety/sealed-box/v1/nonce", ephemeral, recipient).subarray(0, NONCE_BYTES);
}

function commitmentTo(
  ephemeral: Uint8Array,
  recipient: Uint8Array,
  context: Uint8Array,
): Uint8Array {
  return framedHash("moiety/sealed-box/v1/commitment", ephemeral, recipient, context);
}
