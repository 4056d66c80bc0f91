/** A protocol without a point, and two sessions of it, for tests of sessions. */
import { type Rng, seededRng } from "@moiety/crypto";
import { bytes, integer, object } from "../codec.ts";
import { type Clock, systemClock } from "../link.ts";
import { defineProtocol, type Limits, message, type Protocol, type Session } from "../protocol.ts";
import { ChannelSession } from "../session.ts";
import { type FrameTap, pipeChannel } from "./pipe-link.ts";

const ball = object({ n: integer(1000), load: bytes(1 << 20) });

export const ping = defineProtocol({
  name: "ping",
  version: 1,
  roles: ["left", "right"],
  messages: {
    ping: message("left", "right", ball),
    pong: message("right", "left", ball),
    both: message(["left", "right"], ["left", "right"], ball),
  },
  limits: { receiveMs: 1000, totalMs: 10_000, receivedBytes: 64 << 20 },
  cost: () => ({ messages: {}, rounds: 0 }),
});

export type PingMessages = typeof ping.messages;
export type Left = Session<PingMessages, "left">;
export type Right = Session<PingMessages, "right">;

/** A ball with a number and a load of so many bytes. */
export function withLoad(n: number, length = 0): { n: number; load: Uint8Array } {
  return { n, load: new Uint8Array(length).fill(n) };
}

export interface PairOptions {
  readonly tap?: FrameTap;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  readonly id?: Uint8Array;
  readonly rng?: Rng;
}

/** Both ends of a session between `alice` (left) and `bob` (right), not yet run. */
export async function pingPair(
  options: PairOptions = {},
): Promise<{ left: ChannelSession; right: ChannelSession }> {
  const [near, far] = await pipeChannel("alice", "bob", options.tap);
  const limits = { ...ping.limits, ...options.limits };
  const shared = {
    protocol: { ...ping, limits } as unknown as Protocol,
    id: options.id ?? new Uint8Array(16),
    parties: { left: "alice", right: "bob" },
    rng: options.rng ?? seededRng("ping"),
    clock: options.clock ?? systemClock,
  };
  return {
    left: new ChannelSession({
      ...shared,
      role: "left",
      self: "alice",
      channels: new Map([["right", near]]),
    }),
    right: new ChannelSession({
      ...shared,
      role: "right",
      self: "bob",
      channels: new Map([["left", far]]),
    }),
  };
}

export interface Ends<L, R> {
  readonly left: PromiseSettledResult<L>;
  readonly right: PromiseSettledResult<R>;
}

/** Runs both roles to their ends. */
export async function play<L, R>(
  pair: { readonly left: ChannelSession; readonly right: ChannelSession },
  left: (session: Left) => Promise<L>,
  right: (session: Right) => Promise<R>,
): Promise<Ends<L, R>> {
  const [one, other] = await Promise.allSettled([
    pair.left.run(() => left(pair.left as unknown as Left)),
    pair.right.run(() => right(pair.right as unknown as Right)),
  ]);
  return { left: one, right: other };
}
