/** Two honest roles, a tap that changes one frame, and how to read an outcome. */
import { expect } from "vitest";
import { ProtocolError } from "../errors.ts";
import { type Left, type Right, withLoad } from "./ping.ts";
import type { FrameTap } from "./pipe-link.ts";

/** The failure of one side; the test fails when there is none. */
export function failure(result: PromiseSettledResult<unknown>): ProtocolError {
  expect(result.status).toBe("rejected");
  const { reason } = result as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(ProtocolError);
  return reason as ProtocolError;
}

export function culprit(
  result: PromiseSettledResult<unknown>,
): Pick<ProtocolError, "party" | "step" | "code"> {
  const { party, step, code } = failure(result);
  return { party, step, code };
}

export const value = <T>(result: PromiseSettledResult<T>): T => {
  if (result.status === "rejected") throw result.reason;
  return result.value;
};

export async function ask(session: Left): Promise<number> {
  session.send("right", "ping", withLoad(1));
  return (await session.receive("right", "pong")).n;
}

export async function answer(session: Right): Promise<number> {
  const { n } = await session.receive("left", "ping");
  session.send("left", "pong", withLoad(n + 1));
  return n;
}

/** A tap that lets everything pass but replaces the frame of `from` with the number `index`. */
export function replacing(
  from: string,
  index: number,
  change: (frame: Uint8Array) => readonly Uint8Array[],
): FrameTap {
  let seen = 0;
  return (sender, frame) => {
    if (sender !== from) return [frame];
    seen += 1;
    return seen - 1 === index ? change(frame) : [frame];
  };
}
