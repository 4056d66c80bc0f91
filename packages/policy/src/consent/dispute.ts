/**
 * A person says that what a platform holds about them, or what a bank asked, is wrong; and whoever it is
 * said against, or the person, ends it. Reasons are codes: free text would be personal data in every store.
 */
import { framedHash, type Rng, type SigningKey, type VerifyingKey } from "@moiety/crypto";
import { DocumentError, kebabNameShape } from "@moiety/model";
import { z } from "zod";
import { findParty } from "../parties.ts";
import type { Roster } from "../roster.ts";
import {
  hexShape,
  openDocument,
  type SignedKind,
  signDocument,
  timeOf,
  timeShape,
} from "../signed-document.ts";
import { registrarKey } from "./registrar.ts";
import {
  parseSubjectKey,
  type SubjectKey,
  subjectKeyOf,
  subjectKeyShape,
  subjectProblems,
} from "./subject.ts";

export const DISPUTE_REASONS = [
  "not-mine",
  "inaccurate",
  "outdated",
  "not-agreed",
  "other",
] as const;
export type DisputeReason = (typeof DISPUTE_REASONS)[number];

/** `corrected`: the person was right; `confirmed`: what was disputed stands; `withdrawn`: by the person. */
export const RESOLUTION_OUTCOMES = ["corrected", "confirmed", "withdrawn"] as const;
export type ResolutionOutcome = (typeof RESOLUTION_OUTCOMES)[number];

export interface Dispute {
  readonly network: string;
  /** 16 random bytes, hex. */
  readonly id: string;
  readonly subject: SubjectKey;
  /** The platform whose data, or the bank whose inquiry, is disputed. It has to answer. */
  readonly against: string;
  /** The inquiry, if it is about one: 16 bytes, hex. */
  readonly inquiry?: string;
  readonly reason: DisputeReason;
  readonly openedAt: string;
}

export interface Resolution {
  readonly network: string;
  /** `disputeName` of the dispute that it ends, hex. */
  readonly dispute: string;
  /** Who signs: the party that the dispute is against. Absent: the person, who withdraws it. */
  readonly party?: string;
  readonly subject: SubjectKey;
  readonly outcome: ResolutionOutcome;
  readonly closedAt: string;
}

const id = hexShape(16);
const DISPUTE: SignedKind<Dispute> = {
  name: "dispute",
  context: "moiety/dispute/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    id,
    subject: subjectKeyShape,
    against: kebabNameShape,
    inquiry: z.exactOptional(id),
    reason: z.enum(DISPUTE_REASONS),
    openedAt: timeShape,
  }),
  maxBytes: 4 << 10,
};
const RESOLUTION: SignedKind<Resolution> = {
  name: "resolution",
  context: "moiety/resolution/v1",
  shape: z.strictObject({
    network: kebabNameShape,
    dispute: hexShape(32),
    party: z.exactOptional(kebabNameShape),
    subject: subjectKeyShape,
    outcome: z.enum(RESOLUTION_OUTCOMES),
    closedAt: timeShape,
  }),
  maxBytes: 4 << 10,
};

/** What a dispute is called: digest of its file. */
export function disputeName(file: Uint8Array): Uint8Array {
  return framedHash("moiety/dispute/v1/name", file);
}

/**
 * The file. Draws 16 bytes of `rng`. Throws a `DocumentError` for names that are none.
 *
 * @param now ms since 1970, UTC.
 */
export function signDispute(
  about: Pick<Dispute, "network" | "against" | "inquiry" | "reason">,
  key: SigningKey,
  rng: Rng,
  now: number,
): Uint8Array {
  const body = {
    ...about,
    id: Buffer.from(rng.bytes(16)).toString("hex"),
    subject: subjectKeyOf(key.verifyingKey),
    openedAt: timeOf(now),
  };
  return signDocument(DISPUTE, body, key);
}

/**
 * Reads a dispute. Whose key it is the bureau knows; whether somebody can answer it, `disputeProblem` says.
 *
 * @throws DocumentError when it is malformed, of another network, or not signed by the key that it names.
 */
export function openDispute(
  bytes: Uint8Array,
  { network }: Pick<Roster, "network">,
  file: string = "(received)",
): Dispute {
  const document = `dispute ${file}`;
  const signer = ({ subject }: Dispute): VerifyingKey => parseSubjectKey(subject.key, document);
  const dispute = openDocument(DISPUTE, bytes, signer, document);
  const problems = subjectProblems(dispute.subject);
  if (dispute.network !== network) problems.push(`it is for the network ${dispute.network}`);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return dispute;
}

/** Why nobody can answer it; undefined if the party that it is against can. */
export function disputeProblem(
  { against, inquiry }: Pick<Dispute, "against" | "inquiry">,
  roster: Roster,
): string | undefined {
  const role = findParty(roster, against)?.role;
  if (role !== "platform" && role !== "bank") return `${against} is no platform or bank here`;
  if (role === "platform" && inquiry !== undefined)
    return "an inquiry is disputed with the bank that made it";
  return undefined;
}

/**
 * The file that ends a dispute: by the party that it is against, or without one by the person's key.
 *
 * @param now ms since 1970, UTC.
 * @throws DocumentError for an outcome that is not the signer's to state.
 */
export function signResolution(
  disputed: { readonly file: Uint8Array; readonly dispute: Dispute },
  { party, outcome }: Pick<Resolution, "party" | "outcome">,
  key: SigningKey,
  now: number,
): Uint8Array {
  const { network, subject } = disputed.dispute;
  const resolution: Resolution = {
    network,
    dispute: Buffer.from(disputeName(disputed.file)).toString("hex"),
    ...(party !== undefined && { party }),
    subject,
    outcome,
    closedAt: timeOf(now),
  };
  const file = signDocument(RESOLUTION, resolution, key);
  checkResolution(resolution, "resolution");
  return file;
}

/**
 * Reads a resolution, signed by the party that it names, or by the person's key. Whether it is that
 * dispute's party, `endsDispute` says.
 *
 * @throws DocumentError when it is malformed, of another network, or not signed by that key.
 */
export function openResolution(
  bytes: Uint8Array,
  roster: Roster,
  file: string = "(received)",
): Resolution {
  const document = `resolution ${file}`;
  const signer = ({ party, subject }: Resolution): VerifyingKey =>
    party === undefined
      ? parseSubjectKey(subject.key, document)
      : registrarKey(party, roster, document);
  const resolution = openDocument(RESOLUTION, bytes, signer, document);
  if (resolution.network !== roster.network)
    throw new DocumentError(document, [`it is for the network ${resolution.network}`]);
  checkResolution(resolution, document);
  return resolution;
}

/** Whether this resolution, rightly signed, ends the dispute in that file. */
export function endsDispute(resolution: Resolution, file: Uint8Array, dispute: Dispute): boolean {
  if (resolution.dispute !== Buffer.from(disputeName(file)).toString("hex")) return false;
  if (resolution.subject.key !== dispute.subject.key) return false;
  return resolution.party === undefined || resolution.party === dispute.against;
}

function checkResolution({ party, outcome, subject }: Resolution, document: string): void {
  const problems = subjectProblems(subject);
  if ((party === undefined) !== (outcome === "withdrawn"))
    problems.push("a dispute is withdrawn by the person, and corrected or confirmed by the party");
  if (problems.length > 0) throw new DocumentError(document, problems);
}
