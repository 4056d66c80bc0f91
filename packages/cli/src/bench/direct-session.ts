/** Both ends of a lookup without what carries its messages: no codec, channel or link between them. */
import type { lookup } from "@moiety/protocols";

type Side = "a" | "b";
/** Of a session's id. */
const ID_BYTES = 16;

/**
 * Two sessions of which each hands its messages to the other as they are, so that what the two roles
 * then cost is the protocol's own. There is no deadline and no failure; only what `lookup` uses is there.
 */
export function directSessions(): Record<Side, lookup.LookupSession> {
  const [a, b] = [new Inbox(), new Inbox()];
  return { a: sessionOf("a", a, b), b: sessionOf("b", b, a) };
}

/** One message after the other, in order. */
class Inbox {
  readonly #messages: unknown[] = [];
  #taken: ((message: unknown) => void) | undefined;

  put(message: unknown): void {
    const taken = this.#taken;
    this.#taken = undefined;
    if (taken === undefined) this.#messages.push(message);
    else taken(message);
  }

  take(): Promise<unknown> {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }
}

function sessionOf(role: Side, own: Inbox, other: Inbox): lookup.LookupSession {
  const missing = (): never => {
    throw new TypeError("lookup has no use for this");
  };
  const session: Omit<lookup.LookupSession, "receive" | "rng"> = {
    id: new Uint8Array(ID_BYTES),
    role,
    party: (name) => name,
    check: () => {},
    send: (_to, _name, body) => other.put(body),
    flush: () => Promise.resolve(),
    context: missing,
    transcript: missing,
  };
  const receive = (): Promise<unknown> => own.take();
  return Object.assign(session, { receive, rng: { bytes: missing } }) as lookup.LookupSession;
}
