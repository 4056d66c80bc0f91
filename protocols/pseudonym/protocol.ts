import { blindAll, type Element } from "@moiety/crypto";
import { defineProtocol, message, type SessionOf } from "@moiety/kit";
import {
  blindedBody,
  blindedBytes,
  type DomainEpoch,
  evaluate,
  evaluatedBody,
  evaluatedBytes,
  type KeyHalf,
  MAX_DOMAINS,
  type PublishedKey,
  unblindVerified,
} from "./evaluation.ts";

export { type DomainEpoch, MAX_DOMAINS, type PublishedKey };

/** Most identifiers in one run. */
export const MAX_IDENTIFIERS: number = 512;

export const pseudonym = defineProtocol({
  name: "pseudonym",
  version: 2,
  roles: ["client", "a", "b"],
  messages: {
    blinded: message("client", ["a", "b"], blindedBody(MAX_IDENTIFIERS)),
    evaluated: message(["a", "b"], "client", evaluatedBody(MAX_IDENTIFIERS)),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 1 << 20 },
  cost({ identifiers, domains }: { identifiers: number; domains: readonly DomainEpoch[] }) {
    return {
      messages: {
        blinded: { count: 2, bytes: 2 * blindedBytes(identifiers, domains) },
        evaluated: { count: 2, bytes: 2 * evaluatedBytes(identifiers, domains.length) },
      },
      rounds: 2,
    };
  },
});

export interface ClientInput {
  /** Canonical identifiers, 1..512. */
  readonly identifiers: readonly Uint8Array[];
  readonly keys: readonly PublishedKey[];
  /** Lets others have their turn: awaited between the parts of the work on many answers. */
  breathe?(): Promise<void>;
}

/** The client: output `[domain][identifier]`, in the order of the input. */
export async function client(
  session: SessionOf<typeof pseudonym, "client">,
  { identifiers, keys, breathe }: ClientInput,
): Promise<Element[][]> {
  // 1: blind once, for all domains.
  const blindings = blindAll("voprf", identifiers, session.rng);
  const domains = keys.map(({ domain, epoch }) => ({ domain, epoch }));
  session.send("a", "blinded", { domains, elements: blindings.elements });
  session.send("b", "blinded", { domains, elements: blindings.elements });
  const [a, b] = await Promise.all([
    session.receive("a", "evaluated"),
    session.receive("b", "evaluated"),
  ]);
  // 3: verify both before anything is unblinded; each proof stands or falls alone.
  return unblindVerified(session, { keys, blindings, a, b }, breathe);
}

export interface BureauInput {
  /** This bureau's key half for a domain; throws `Refusal` when this client may not have it. */
  keyShare(ask: DomainEpoch, identifiers: number): KeyHalf;
  /** Lets others have their turn: awaited after each 32 multiplications. */
  breathe?(): Promise<void>;
}

/** Bureau A or B: step 2. */
export async function bureau(
  session: SessionOf<typeof pseudonym, "a"> | SessionOf<typeof pseudonym, "b">,
  input: BureauInput,
): Promise<void> {
  const { domains, elements: inputs } = await session.receive("client", "blinded");
  const halves = domains.map((ask) => input.keyShare(ask, inputs.length));
  session.send("client", "evaluated", await evaluate(session, halves, inputs, input.breathe));
}
