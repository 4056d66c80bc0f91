/** What an inquiry is about, in the one form that both bureaus sign and the bank can recompute. */
import { framedHash, saltedDigest } from "@moiety/crypto";
import {
  bytes,
  type Decoded,
  encode,
  fixedBytes,
  list,
  nameText,
  object,
  uint32,
} from "@moiety/kit";

/** Most people in one inquiry: with `MAX_DOMAINS` their pseudonyms still fit in one frame. */
export const MAX_PEOPLE: number = 2_000;
/** Most domains that one model may draw on. */
export const MAX_DOMAINS: number = 16;
export const PSEUDONYM_BYTES: number = 32;
/** What names a registered consent: `consentName` in @moiety/policy. */
export const CONSENT_BYTES: number = 32;

/** A deposit that an inquiry uses; version 0: the platform has none, everybody is *missing*. */
const depositVersion = object({ domain: nameText, epoch: uint32, version: uint32 });
const deposits = list(depositVersion, MAX_DOMAINS, 1);

export const inquiryCodec = object({
  /** Fresh for every inquiry; a bureau takes each once. */
  inquiry: fixedBytes(16),
  /** Digest of the model's certificate. */
  model: fixedBytes(32),
  purpose: nameText,
  /**
   * Seconds since 1970: the moment at which features count as expired or not, the same for both
   * bureaus. Each checks that it lies near its own clock.
   */
  asOf: uint32,
  deposits,
  /** Salts the digests of pseudonyms and consents in the signed header. */
  salt: fixedBytes(32),
  people: uint32,
  /**
   * Person after person, one pseudonym per deposit, in their order. Just bytes: see README, step 2.
   */
  pseudonyms: bytes(PSEUDONYM_BYTES * MAX_PEOPLE * MAX_DOMAINS, {
    min: PSEUDONYM_BYTES,
    unit: PSEUDONYM_BYTES,
  }),
  /** One name per person, in their order; none at all in a network that asks for no consents. */
  consents: bytes(CONSENT_BYTES * MAX_PEOPLE, { unit: CONSENT_BYTES }),
  /** The bank's, over the header: a bureau can show later who asked. */
  signature: fixedBytes(64),
});
export type SignedInquiry = Decoded<typeof inquiryCodec>;
export type Inquiry = Omit<SignedInquiry, "signature">;

/** Context of the bank's signature over an inquiry's header. */
export const INQUIRY_CONTEXT: string = "moiety/score/1/inquiry";
export type DepositVersion = Decoded<typeof depositVersion>;

const headerCodec = object({
  network: nameText,
  bank: nameText,
  a: nameText,
  b: nameText,
  inquiry: fixedBytes(16),
  model: fixedBytes(32),
  purpose: nameText,
  asOf: uint32,
  deposits,
  people: uint32,
  pseudonyms: fixedBytes(32),
  consents: fixedBytes(32),
});

export interface InquiryParties {
  readonly bank: string;
  readonly a: string;
  readonly b: string;
}

/** The header's canonical bytes. */
export function inquiryHeader(
  network: string,
  parties: InquiryParties,
  inquiry: Inquiry,
): Uint8Array {
  const { bank, a, b } = parties;
  const { model, purpose, asOf, deposits, people, salt } = inquiry;
  const pseudonyms = saltedDigest("moiety/score/1/pseudonyms", salt, inquiry.pseudonyms);
  const consents = saltedDigest("moiety/score/1/consents", salt, inquiry.consents);
  const header = { network, bank, a, b, inquiry: inquiry.inquiry, model, purpose, asOf };
  return encode(
    headerCodec.toWire({ ...header, deposits, people, pseudonyms, consents }, "header"),
  );
}

export function headerDigest(header: Uint8Array): Uint8Array {
  return framedHash("moiety/score/1/header", header);
}

/**
 * Digest of which records a bureau found (one byte per person and deposit, 0 or 1), and of whatever
 * else both must see alike. The salt is the bureaus' own: with the bank's, the bank could find out
 * which platforms know a person.
 */
export function recordsDigest(
  salt: Uint8Array,
  found: Uint8Array,
  ...rest: readonly Uint8Array[]
): Uint8Array {
  return saltedDigest("moiety/score/1/records", salt, found, ...rest);
}
