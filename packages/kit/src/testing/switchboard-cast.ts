/** Alice asks, Bob answers; openings made by hand; how to read an outcome. */
import { expect } from "vitest";
import { ProtocolError } from "../errors.ts";
import type { Opening } from "../handshake.ts";
import type { Channel, LinkError, ResetCode } from "../link.ts";
import type { Session } from "../protocol.ts";
import { type Service, service } from "../service.ts";
import { type Network, type NetworkOptions, network } from "./network.ts";
import { ping, withLoad } from "./ping.ts";

/** What the promise fails with; the test fails when it does not. */
export async function failure(promise: Promise<unknown>): Promise<ProtocolError> {
  const [result] = await Promise.allSettled([promise]);
  expect(result?.status).toBe("rejected");
  const { reason } = result as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(ProtocolError);
  return reason as ProtocolError;
}

export const PARTIES = { left: "alice", right: "bob" };

export function answering(admit: Service["admit"] = () => {}): Service {
  return service(ping, "right", admit, async (session) => {
    const { n } = await session.receive("left", "ping");
    session.send("left", "pong", withLoad(n + 1));
  });
}

export async function askOnce(session: Session<typeof ping.messages, "left">): Promise<number> {
  session.send("right", "ping", withLoad(1));
  return (await session.receive("right", "pong")).n;
}

export function ask(net: Network): Promise<number> {
  return net.boards.alice!.run(ping, "left", PARTIES, askOnce);
}

/** Alice and Bob, who serves `ping`. */
export function served(options: NetworkOptions = {}, admit?: Service["admit"]): Network {
  const net = network(["alice", "bob"], options);
  net.boards.bob!.serve(answering(admit));
  return net;
}

let nextId = 0;
export function opening(changes: Partial<Opening> = {}): Opening {
  nextId += 1;
  const session = new Uint8Array(16);
  new DataView(session.buffer).setUint32(0, nextId);
  return {
    wire: [1],
    protocol: "ping",
    version: 1,
    session,
    parties: ["alice", "bob"],
    ...changes,
  };
}

/** How a channel opened by hand ends for its opener. */
export async function endOf(channel: Channel): Promise<ResetCode | "welcome"> {
  try {
    await channel.receive();
    return "welcome";
  } catch (error) {
    return (error as LinkError).code;
  }
}
