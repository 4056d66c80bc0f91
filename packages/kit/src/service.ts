/** A role that this node plays when others open a session. */
import type { PartyName } from "./link.ts";
import type { Messages, Protocol, Session } from "./protocol.ts";
import type { ChannelSession } from "./session.ts";

export interface Service {
  readonly protocol: Protocol;
  readonly role: string;
  /**
   * Says no by throwing `Refusal`: are these parties who they must be, is there room and rate?
   * Called once all channels of the session are there, so that each neighbour named before this
   * role has itself opened one: nobody spends another party's rate.
   */
  admit(parties: Readonly<Record<string, PartyName>>): void;
  run(session: ChannelSession): Promise<void>;
}

/** Declares a service with the session typed for its role. */
export function service<Role extends string, M extends Messages, R extends Role>(
  protocol: Protocol<Role, M, never>,
  role: R,
  admit: (parties: Readonly<Record<Role, PartyName>>) => void,
  run: (session: Session<M, R>) => Promise<void>,
): Service {
  return {
    protocol: protocol as unknown as Protocol,
    role,
    admit,
    run: run as unknown as (session: ChannelSession) => Promise<void>,
  };
}
