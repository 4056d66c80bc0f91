/**
 * How a person's documents travel to a bureau's desk and its answer back, over plain HTTP: sealed to the
 * bureau's box key of the roster, and answered under a key made for the one request. So who listens, or
 * stands between, learns neither whose request it is nor what was answered, and can forge no answer.
 */
import {
  EncodingError,
  framedHash,
  openSealed,
  parseSealingKey,
  type Rng,
  SealError,
  type SealedKeyPair,
  type SealingKey,
  SIGNATURE_BYTES,
  type SigningKey,
  seal,
  sealedKeyPair,
  sign,
  type VerifyingKey,
  verify,
} from "@moiety/crypto";

/** What may be brought to the desk; each has a path of its own. */
export const DESK_KINDS = [
  "account",
  "attestation",
  "revocation",
  "dispute",
  "resolution",
] as const;
export type DeskKind = (typeof DESK_KINDS)[number];

/** Bytes of the longest sealed request. */
export const MAX_DESK_REQUEST_BYTES: number = 8 << 10;

const KEY_BYTES = 32;
const ANSWER_CONTEXT = "moiety/subject-answer/v1";

/** To which desk, and for what: nothing that is sealed for one opens at another. */
export interface DeskAddress {
  readonly network: string;
  readonly bureau: string;
  readonly kind: DeskKind;
}

/** A request as it is sent, and what opens the answer to it. */
export interface SealedRequest {
  readonly bytes: Uint8Array;
  /**
   * The answer's JSON text. Throws `SealError` unless it is the answer to this very request, signed
   * by that bureau.
   */
  openAnswer(answer: Uint8Array, bureauKey: VerifyingKey): Uint8Array;
}

/** Seals a document to a bureau. Draws two keys of `rng`. */
export function sealRequest(
  address: DeskAddress,
  document: Uint8Array,
  boxKey: SealingKey,
  rng: Rng,
): SealedRequest {
  const replyTo = sealedKeyPair(rng);
  const plain = Buffer.concat([replyTo.publicKey, document]);
  return {
    bytes: seal(boxKey, contextOf("request", address), plain, rng),
    openAnswer(answer, bureauKey) {
      const opened = openSealed(replyTo, contextOf("answer", address), answer);
      const [signature, body] = [
        opened.subarray(0, SIGNATURE_BYTES),
        opened.slice(SIGNATURE_BYTES),
      ];
      if (signature.length < SIGNATURE_BYTES) throw new SealError();
      if (!verify(bureauKey, signature, ANSWER_CONTEXT, nameOf(address, plain), body))
        throw new SealError();
      return body;
    },
  };
}

/** A request as the bureau opened it. */
export interface OpenedRequest {
  readonly document: Uint8Array;
  /** Signs and seals the answer. Draws a key of `rng`. */
  sealAnswer(body: Uint8Array, key: SigningKey, rng: Rng): Uint8Array;
}

/** Opens what was sealed to this bureau, for this. Throws `SealError` for anything else. */
export function openRequest(
  address: DeskAddress,
  bytes: Uint8Array,
  box: SealedKeyPair,
): OpenedRequest {
  if (bytes.length > MAX_DESK_REQUEST_BYTES) throw new SealError();
  const plain = openSealed(box, contextOf("request", address), bytes);
  if (plain.length <= KEY_BYTES) throw new SealError();
  const replyTo = replyKey(plain.slice(0, KEY_BYTES));
  return {
    document: plain.slice(KEY_BYTES),
    sealAnswer(body, key, rng) {
      const signature = sign(key, ANSWER_CONTEXT, nameOf(address, plain), body);
      const answer = Buffer.concat([signature, body]);
      return seal(replyTo, contextOf("answer", address), answer, rng);
    },
  };
}

function replyKey(bytes: Uint8Array): SealingKey {
  try {
    return parseSealingKey(bytes);
  } catch (error) {
    if (error instanceof EncodingError) throw new SealError();
    throw error;
  }
}

function contextOf(way: "request" | "answer", { network, bureau, kind }: DeskAddress): Uint8Array {
  const parts = [way, network, bureau, kind].map((part) => Buffer.from(part));
  return framedHash("moiety/subject-desk/v1", ...parts);
}

function nameOf(address: DeskAddress, plain: Uint8Array): Uint8Array {
  return framedHash("moiety/subject-desk/v1/name", contextOf("request", address), plain);
}
