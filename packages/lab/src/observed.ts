import type { Messages, Session } from "@moiety/kit";
import type { Ledger } from "./ledger.ts";

/** The session as a role sees it, with the ledger's clock beside it. */
export function observed(
  session: Session<Messages, string>,
  ledger: Ledger,
  onTraffic: () => void,
): Session<Messages, string> {
  const { id, role, rng } = session;
  return {
    id,
    role,
    rng,
    party: (name) => session.party(name),
    context: (label) => session.context(label),
    transcript: (peer) => session.transcript(peer),
    flush: () => session.flush(),
    check: () => session.check(),
    send(to, name, body) {
      session.send(to, name, body);
      ledger.sent(role, to);
      onTraffic();
    },
    async receive(from, name, withinMs) {
      const body = await session.receive(from, name, withinMs);
      ledger.received(from, role);
      onTraffic();
      return body;
    },
  };
}
