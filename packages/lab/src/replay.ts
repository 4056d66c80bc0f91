/** Runs one role again from what it once received: an auditor needs no more than that. */
import { seededRng } from "@moiety/crypto";
import {
  type Channel,
  ChannelSession,
  LinkError,
  type Messages,
  type Protocol,
  type Session,
  systemClock,
} from "@moiety/kit";
import type { Flight } from "./wiretap.ts";

export interface Recording {
  readonly seed: string;
  readonly sessionId: Uint8Array;
  readonly frames: readonly Flight[];
}

export interface Replayed {
  readonly output: unknown;
  /** What the role sent this time, by the role it was sent to. */
  readonly sent: ReadonlyMap<string, readonly Uint8Array[]>;
}

/**
 * The output of `role` and what it sends, given the seed and the frames of a recorded run, all of
 * which are there from the start. Rejects with the role's `ProtocolError`, e.g. when it wants more
 * than was recorded.
 */
export async function replayRole<M extends Messages, R extends string>(
  protocol: Protocol<string, M, never>,
  role: R,
  play: (session: Session<M, R>) => Promise<unknown>,
  { seed, sessionId, frames }: Recording,
): Promise<Replayed> {
  const rng = seededRng(seed).fork(role);
  if (role === protocol.roles[0]) rng.bytes(sessionId.length); // drew the session id as well
  const sent = new Map<string, Uint8Array[]>();
  const channels = new Map<string, Channel>();
  for (const other of protocol.roles) {
    if (other === role) continue;
    const inbox = frames.filter(({ from, to }) => from === other && to === role);
    const outbox: Uint8Array[] = [];
    sent.set(other, outbox);
    channels.set(other, recordedChannel(other, inbox, outbox));
  }
  const session = new ChannelSession({
    protocol: protocol as unknown as Protocol,
    role,
    id: sessionId,
    self: role,
    parties: Object.fromEntries(protocol.roles.map((each) => [each, each])),
    channels,
    rng,
    clock: systemClock,
  });
  const output = await session.run(() => play(session as unknown as Session<M, R>));
  return { output, sent };
}

/** Gives out what was received, keeps what is sent. */
function recordedChannel(peer: string, inbox: readonly Flight[], outbox: Uint8Array[]): Channel {
  const waiting = inbox.map(({ frame }) => Uint8Array.from(frame));
  return {
    peer,
    opening: new Uint8Array(),
    failure: undefined,
    async send(frame) {
      outbox.push(frame);
    },
    async receive() {
      const frame = waiting.shift();
      if (frame === undefined) throw new LinkError("done", peer, "nothing more was recorded");
      return frame;
    },
    close() {},
    reset() {},
  };
}
