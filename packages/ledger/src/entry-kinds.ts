/**
 * What a bureau writes down, kind by kind. Facts about parties, models and inquiries, and salted
 * digests of everything about a person: no identifier, pseudonym, feature, share or score.
 */
import {
  bytes,
  type Codec,
  type Decoded,
  fixedBytes,
  list,
  nameText,
  object,
  oneOf,
  text,
  uint32,
} from "@moiety/kit";
import { digest, sequence } from "./fields.ts";
import { promiseCodec } from "./promise-codec.ts";

/** Most parties among whom a fee is split. */
export const MAX_FEE_PARTS: number = 64;
const inquiryId = fixedBytes(16);
const signature = fixedBytes(64);
const currency = text(3, /[A-Z]{3}/);

const intentFields = {
  inquiry: inquiryId,
  bank: nameText,
  /** Digest of the model's certificate. */
  model: digest,
  purpose: nameText,
  people: uint32,
  /** Digest of the inquiry's header, in which the pseudonyms are a salted digest. */
  header: digest,
  /** Over the header: the bank's, and this bureau's. */
  bankSignature: signature,
  signature,
  /** Salted digest of the consent, or the salted root over those of a block. */
  consent: digest,
};

const shapes = {
  /** An inquiry about one person that this bureau is about to compute. */
  intent: object(intentFields),
  /** The same for a block of a batch: `root` is a Merkle root over salted leaves, one a person. */
  batch: object({ ...intentFields, root: digest }),
  /** How an inquiry ended here. `intent`: its entry in this log. */
  result: object({
    inquiry: inquiryId,
    intent: sequence,
    outcome: oneOf(["delivered", "refused", "aborted"]),
    code: nameText,
    /** What both bureaus signed of the computation; one item, or none where it came to nothing. */
    computed: list(
      object({
        transcript: digest,
        /** The other bureau's signature over the header. */
        peerSignature: signature,
        /** The other bureau's promise that the inquiry is in its log. */
        peerPromise: promiseCodec,
      }),
      1,
    ),
  }),
  /** A deposit version that is complete here: the platform's signed header as it came. */
  deposit: object({ header: bytes(1024, { min: 1 }), signature }),
  /** `attestation`: digest of the registrar's word, which the person accepted, that a key is theirs. */
  attested: object({ attestation: digest, registrar: nameText, expiresAt: uint32 }),
  /** Consents appear as salted digests; the salts are with the person and the bank. */
  "consent-registered": object({
    consent: digest,
    /** Digest of the registrar's attestation that the key belongs to the person. */
    attestation: digest,
    registrar: nameText,
    bank: nameText,
    purpose: nameText,
    expiresAt: uint32,
  }),
  /** `statement`: digest of the signed revocation, of one consent or of all that a key signed. */
  "consent-revoked": object({ statement: digest }),
  /** `dispute`: salted digest of the person's file; `party` has to answer it before `due`. */
  "dispute-opened": object({ dispute: digest, party: nameText, due: uint32 }),
  /** `statement`: digest of the file that ends it, signed by that party or by the person. */
  "dispute-closed": object({
    dispute: digest,
    party: nameText,
    statement: digest,
    outcome: oneOf(["corrected", "confirmed", "withdrawn"]),
  }),
  /** It was not answered in time. */
  "dispute-overdue": object({ dispute: digest, party: nameText }),
  "model-certified": object({
    certificate: digest,
    serial: sequence,
    bank: nameText,
    model: nameText,
    version: uint32,
    expiresAt: uint32,
  }),
  /** From this entry on this bureau computes nothing with the certificate. `withdrawnAt`: the supervisor's word. */
  "model-withdrawn": object({
    certificate: digest,
    bank: nameText,
    model: nameText,
    version: uint32,
    withdrawnAt: uint32,
  }),
  /** One for each inquiry that is charged; amounts in thousandths of the currency's smallest unit. */
  fee: object({
    inquiry: inquiryId,
    bank: nameText,
    /** The time that the bank states in the inquiry: by it both logs have the same month. */
    asOf: uint32,
    output: oneOf(["score", "band", "reasons"]),
    purpose: nameText,
    currency,
    amount: sequence,
    parts: list(object({ party: nameText, amount: sequence }), MAX_FEE_PARTS, 1),
  }),
  roster: object({ version: uint32, digest }),
  /** Says no more than that the log stood here at this time. */
  heartbeat: object({}),
};

export type EntryKind = keyof typeof shapes;
/** What an entry of one kind says. */
export type EntryBody<K extends EntryKind> = Decoded<(typeof shapes)[K]>;
export const ENTRY_KINDS: readonly EntryKind[] = Object.keys(shapes) as EntryKind[];

export function bodyCodec<K extends EntryKind>(kind: K): Codec<EntryBody<K>> {
  return shapes[kind] as unknown as Codec<EntryBody<K>>;
}
