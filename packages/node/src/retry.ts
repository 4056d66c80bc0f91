/** What a failed run means for whoever asked: try again, or a sentence to read. */
import { type Clock, ProtocolError } from "@moiety/kit";

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 150;
/** No new attempt after so long: somebody waits for an answer, and a missing node is one. */
const PATIENCE_MS = 5_000;

/** Failures that a fresh attempt may heal: a restart, a full queue, a version that moved on. */
const TRANSIENT: ReadonlySet<string> = new Set(["lost", "busy", "conflict", "deadline", "aborted"]);

/** Whether a fresh attempt, perhaps later, may succeed where this one failed. */
export function isTransient(error: unknown): error is ProtocolError {
  return error instanceof ProtocolError && TRANSIENT.has(error.code);
}

/** A bureau's refusal, with the reason that it gave to the bank whose inquiry it was. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly bureau: string;
  /** As in `REFUSALS` of @moiety/policy, or empty for another reason. */
  readonly code: string;

  constructor(bureau: string, reason: string) {
    super(`${bureau} refuses: ${reason}`);
    this.bureau = bureau;
    this.code = /^[a-z]+(-[a-z]+)+(?= \(person \d+ of the inquiry\))/.exec(reason)?.[0] ?? "";
  }
}

/** Runs `attempt` anew, with fresh randomness, until it succeeds or there is no hope. */
export async function retrying<T>(
  clock: Clock,
  attempt: () => Promise<T>,
  beforeRetry: (error: ProtocolError) => void = () => {},
  mayHeal: (error: unknown) => error is ProtocolError = isTransient,
): Promise<T> {
  const started = clock.now();
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      const late = clock.now() - started > PATIENCE_MS;
      if (!mayHeal(error) || late || tried === ATTEMPTS) throw error;
      beforeRetry(error);
      await new Promise<void>((resolve) => {
        clock.after(FIRST_PAUSE_MS * 2 ** (tried - 1), resolve);
      });
    }
  }
}

const MEANINGS: Readonly<Record<string, string>> = {
  lost: "cannot be reached; is it running? `moiety status` tells",
  busy: "is busy; try again in a moment",
  conflict: "holds another deposit version than was asked for; try again",
  deadline: "did not answer in time",
  clock:
    "has a clock that differs from this node's by more than 10 minutes; one of the two is wrong: set both by NTP (`moiety doctor` tells which)",
  refused:
    "refused: this party may not do this, has as many records there as it may, or the model is not deployed there",
  unsupported: "does not serve this; its version may differ",
  cheat: "did not follow the protocol; nothing was accepted",
  mismatch: "disagrees with the other side; nothing was accepted",
  malformed: "sent what no honest node sends; nothing was accepted",
};

/** Rejects with what `inWords` says of a failure. */
export async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(inWords(error), { cause: error });
  }
}

/** A failure in words for the person at the command line; names the party, never a person. */
export function inWords(error: unknown): string {
  if (!(error instanceof ProtocolError)) return error instanceof Error ? error.message : "failed";
  const meaning = MEANINGS[error.code];
  return meaning === undefined ? error.message : `${error.party} ${meaning} (${error.message})`;
}
