/**
 * What parties ask of the network's authority: that the next roster have a new OPRF epoch, or new
 * keys of theirs. Each request is signed and holds public halves only; the secret ones stay where
 * they were made.
 */
import {
  type Element,
  framedHash,
  parseElement,
  type SigningKey,
  VerifyingKey,
  verifyPossession,
} from "@moiety/crypto";
import { canonicalJson, DocumentError, kebabNameShape, versionShape } from "@moiety/model";
import { z } from "zod";
import { findParty, verifyingKeyOf } from "./parties.ts";
import { certificateShape, type Roster, type Side } from "./roster.ts";
import { possessionContext } from "./roster-rules.ts";
import { hexShape, openDocument, type SignedKind, signDocument } from "./signed-document.ts";

/** One bureau's half of a new OPRF epoch. */
export interface EpochRequest {
  readonly network: string;
  readonly bureau: string;
  readonly side: Side;
  readonly domain: string;
  readonly epoch: number;
  /** Public key share, and the proof of possession over it, hex; see `possessionContext`. */
  readonly key: string;
  readonly pop: string;
}

/** New public keys of a party. */
export interface KeyRequest {
  readonly network: string;
  readonly party: string;
  readonly certificate: string;
  readonly signingKey: string;
  /** Of a bureau, and of nobody else. */
  readonly boxKey?: string;
}

const EPOCH_REQUEST: SignedKind<EpochRequest> = {
  name: "epochRequest",
  context: "moiety/epoch-request/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    bureau: kebabNameShape,
    side: z.enum(["a", "b"]),
    domain: kebabNameShape,
    epoch: versionShape,
    key: hexShape(32),
    pop: hexShape(64),
  }),
  maxBytes: 16 << 10,
};

const KEY_REQUEST: SignedKind<KeyRequest> = {
  name: "keyRequest",
  context: "moiety/key-request/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    party: kebabNameShape,
    certificate: certificateShape,
    signingKey: hexShape(32),
    boxKey: z.exactOptional(hexShape(32)),
  }),
  maxBytes: 64 << 10,
};

/** The file of a request, signed by the bureau. */
export function signEpochRequest(request: EpochRequest, key: SigningKey): Uint8Array {
  return signDocument(EPOCH_REQUEST, request, key);
}

/** The file of a request, signed by the key that it names: who asks holds that key. */
export function signKeyRequest(request: KeyRequest, key: SigningKey): Uint8Array {
  return signDocument(KEY_REQUEST, request, key);
}

/**
 * Reads a bureau's request. Throws a `DocumentError` unless the bureau that the roster has on that
 * side signed it, for this network, and proves that it has the key share's secret.
 */
export function openEpochRequest(bytes: Uint8Array, roster: Roster, file: string): EpochRequest {
  const document = `epoch request ${file}`;
  const request = openDocument(EPOCH_REQUEST, bytes, signerOf(roster, document), document);
  const { network, bureau, side, domain, epoch, key, pop } = request;
  requireNetwork(request, roster, document);
  if (findParty(roster, bureau)?.role !== `bureau-${side}`)
    throw new DocumentError(document, [`${bureau} is not bureau-${side} of the roster`]);
  const context = possessionContext(network, side, domain, epoch);
  if (!verifyPossession(context, parseShare(key, document), Buffer.from(pop, "hex")))
    throw new DocumentError(document, ["its proof of possession is wrong"]);
  return request;
}

/**
 * Reads a party's request for new keys. Throws a `DocumentError` unless the signing key that it
 * names has signed it. Whether that key is the party's is for the caller to know: it is, where the
 * roster has it already; otherwise somebody has to compare `keyFingerprint` with the party.
 */
export function openKeyRequest(bytes: Uint8Array, roster: Roster, file: string): KeyRequest {
  const document = `key request ${file}`;
  const own = ({ signingKey }: KeyRequest): VerifyingKey => parseKey(signingKey, document);
  const request = openDocument(KEY_REQUEST, bytes, own, document);
  requireNetwork(request, roster, document);
  const party = findParty(roster, request.party);
  if (party === undefined)
    throw new DocumentError(document, [`${request.party} is not in the roster`]);
  return request;
}

/** What a party and the authority read to each other over another channel: 32 hex digits. */
export function keyFingerprint(request: KeyRequest): string {
  const digest = framedHash("moiety/key-request/v1/fingerprint", canonicalJson(request));
  return Buffer.from(digest).toString("hex").slice(0, 32);
}

function signerOf(roster: Roster, document: string): (claimed: EpochRequest) => VerifyingKey {
  return ({ bureau }) => {
    const party = findParty(roster, bureau);
    if (party === undefined) throw new DocumentError(document, [`${bureau} is not in the roster`]);
    return verifyingKeyOf(party);
  };
}

function requireNetwork({ network }: { network: string }, roster: Roster, document: string): void {
  if (network === roster.network) return;
  throw new DocumentError(document, [`it is for the network ${network}, not ${roster.network}`]);
}

function parseShare(hex: string, document: string): Element {
  try {
    return parseElement(Buffer.from(hex, "hex"), "key");
  } catch {
    throw new DocumentError(document, ["key: not an element of ristretto255"]);
  }
}

function parseKey(hex: string, document: string): VerifyingKey {
  try {
    return new VerifyingKey(Buffer.from(hex, "hex"), "signingKey");
  } catch {
    throw new DocumentError(document, ["signingKey: not an Ed25519 public key"]);
  }
}
