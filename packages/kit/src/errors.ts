import type { PartyName, ResetCode } from "./link.ts";

/** What went wrong in a protocol, as this side names it in its own logs. Never sent to a peer. */
export type ProtocolErrorCode =
  | "malformed" // bytes that no honest peer sends
  | "unexpected" // a message out of turn, a sequence number out of order
  | "cheat" // a check of the protocol failed
  | "mismatch" // the peer and this side hold different views of what was agreed
  | "limit" // a declared bound was passed
  | "deadline"
  | "lost"
  | "wire-version"
  | "unsupported"
  | "refused"
  | "busy"
  | "conflict"
  | "clock" // a stated time lies too far from the other side's clock
  | "aborted" // the peer gave up without saying why
  | "internal"; // this side's own fault

export interface Culprit {
  /** Who is to blame, as far as this side can tell; its own name when it is its own fault. */
  readonly party: PartyName;
  readonly protocol: string;
  /** The message or step at which it happened. */
  readonly step: string;
  readonly code: ProtocolErrorCode;
}

/** A protocol run that ended without its output. Names the culprit; holds no secret. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
  readonly party: PartyName;
  readonly protocol: string;
  readonly step: string;
  readonly code: ProtocolErrorCode;
  constructor(culprit: Culprit, detail: string, cause?: unknown) {
    const { party, protocol, step, code } = culprit;
    super(
      `${protocol}, ${step}: ${party}: ${code}: ${detail}`,
      cause === undefined ? undefined : { cause },
    );
    this.party = party;
    this.protocol = protocol;
    this.step = step;
    this.code = code;
  }
}

/**
 * Thrown by a role to say no. The peers are told `code` and nothing else; `reason` goes to this
 * side's log, so it must not hold anything that a log may not hold.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: "refused" | "busy" | "conflict" | "clock" | "unsupported";
  constructor(code: Refusal["code"], reason: string) {
    super(reason);
    this.code = code;
  }
}

/** A role's own verdict that a peer misbehaved: a proof that fails, a view that differs. */
export class Misbehaviour extends Error {
  override readonly name = "Misbehaviour";
  readonly party: PartyName;
  readonly code: "cheat" | "mismatch" | "malformed";
  constructor(party: PartyName, code: Misbehaviour["code"], detail: string) {
    super(detail);
    this.party = party;
    this.code = code;
  }
}

const TOLD: ReadonlySet<string> = new Set([
  "deadline",
  "busy",
  "refused",
  "conflict",
  "clock",
  "unsupported",
  "wire-version",
]);

/** What a peer is told, given what this side found: one uniform code for every failed check. */
export function resetCodeFor(error: ProtocolError | Refusal): ResetCode {
  return TOLD.has(error.code) ? (error.code as ResetCode) : "aborted";
}
