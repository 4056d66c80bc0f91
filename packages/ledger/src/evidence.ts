/**
 * Evidence: a document from which anybody who has the parties' keys sees, offline, who broke the
 * rules of the logs. Each kind is something that no honest party ever signs; see the README.
 */
import { type Codec, object, oneOf, type Wire } from "@moiety/kit";
import { decodeAs, decodeLoose, encodeAs } from "./canonical.ts";
import { type Claim, claimCodec, noteCodec } from "./claim.ts";
import { LedgerError } from "./ledger-error.ts";

export const MAX_EVIDENCE_BYTES: number = 1 << 20;
export const EVIDENCE_FORMAT: string = "moiety/ledger/1/evidence";

/** Two checkpoints, as notes. */
export interface Notes {
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}
/** Two claims of one log, except under "deposit", where they are of two. */
export interface Claims {
  readonly first: Claim;
  readonly second: Claim;
}

export type Evidence =
  /** Two checkpoints of one size with different roots. */
  | ({ readonly kind: "fork" } & Notes)
  /** Two different leaves at one index: altered, deleted, put in another order, or two histories. */
  | ({ readonly kind: "rewritten" } & Claims)
  /** `first` stands before `second`, and is younger: the log went back, and on from there. */
  | ({ readonly kind: "rolled-back" } & Claims)
  /** An entry under another number than its own. */
  | { readonly kind: "misnumbered"; readonly claim: Claim }
  /** An inquiry that one bureau logged (`kept`), and the other promised, but did not log. */
  | {
      readonly kind: "one-sided";
      readonly kept: Claim;
      readonly promised: Claim;
      readonly found: Claim;
    }
  /** One deposit of which the two logs have different headers. */
  | ({ readonly kind: "deposit" } & Claims)
  /** A witness that vouched for less after it had vouched for more, or for two histories. */
  | ({ readonly kind: "witness" } & Notes);

export type EvidenceKind = Evidence["kind"];

const notes = { first: noteCodec, second: noteCodec };
const claims = { first: claimCodec, second: claimCodec };
const SHAPES: Readonly<Record<EvidenceKind, Readonly<Record<string, Codec<never>>>>> = {
  fork: notes,
  rewritten: claims,
  "rolled-back": claims,
  misnumbered: { claim: claimCodec },
  "one-sided": { kept: claimCodec, promised: claimCodec, found: claimCodec },
  deposit: claims,
  witness: notes,
} as never;

const CODECS = new Map(
  Object.entries(SHAPES).map(([kind, fields]) => {
    const head = { format: oneOf([EVIDENCE_FORMAT]), kind: oneOf([kind]) };
    return [kind, object({ ...head, ...fields }) as unknown as Codec<Evidence>];
  }),
);

/** Canonical MessagePack. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  return encodeAs(codecOf(evidence.kind), withFormat(evidence), "evidence");
}

/** Verifies nothing. Throws a `LedgerError` for other bytes than `encodeEvidence` writes. */
export function parseEvidence(bytes: Uint8Array): Evidence {
  if (bytes.length > MAX_EVIDENCE_BYTES) throw new LedgerError("malformed", "evidence: too long");
  const wire = decodeLoose(bytes, "evidence") as { readonly kind?: Wire };
  return decodeAs(codecOf(wire.kind), bytes, "evidence");
}

function codecOf(kind: unknown): Codec<Evidence> {
  const codec = typeof kind === "string" ? CODECS.get(kind) : undefined;
  if (codec === undefined) throw new LedgerError("malformed", "evidence: of no known kind");
  return codec;
}

function withFormat(evidence: Evidence): Evidence {
  return { format: EVIDENCE_FORMAT, ...evidence } as unknown as Evidence;
}
