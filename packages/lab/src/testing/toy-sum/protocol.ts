import { constantTimeEqual, saltedDigest } from "@moiety/crypto";
import {
  binaryBytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  integer,
  list,
  Misbehaviour,
  message,
  object,
  type Session,
  uint32,
} from "@moiety/kit";
import type { Specification } from "../../specification.ts";

/**
 * Two banks commit to a number each, open it, and report the total to a clerk: not how anybody
 * would add, but every kind of field occurs, and a change of any of them is found by somebody.
 */
export const sum = defineProtocol({
  name: "toy-sum",
  version: 1,
  roles: ["left", "right", "clerk"],
  messages: {
    commitment: message(["left", "right"], ["left", "right"], object({ digest: fixedBytes(32) })),
    opening: message(
      ["left", "right"],
      ["left", "right"],
      object({ value: integer(255), salt: fixedBytes(32) }),
    ),
    report: message(
      ["left", "right"],
      "clerk",
      object({ total: uint32, digits: list(integer(9), 3, 3) }),
    ),
  },
  limits: { receiveMs: 5_000, totalMs: 20_000, receivedBytes: 10_000 },
  cost({ small }: { readonly small: number }) {
    const map = FRAME_HEADER_BYTES + 1;
    const opening = map + 1 + 5 + 1 + 4 + 1 + binaryBytes(32);
    return {
      messages: {
        commitment: { count: 2, bytes: 2 * (map + 1 + 6 + binaryBytes(32)) },
        // A number below 128 takes one byte, others two: `small` says how many are.
        opening: { count: 2, bytes: 2 * opening + (2 - small) },
        report: { count: 2, bytes: 2 * (map + 1 + 5 + binaryBytes(4) + 1 + 6 + 4) },
      },
      rounds: 3,
    };
  },
});

export type SumMessages = typeof sum.messages;
export type SumSession = Session<SumMessages, "left" | "right">;

export interface SumInputs {
  readonly left: number;
  readonly right: number;
  readonly clerk: undefined;
}

export async function bank(session: SumSession, value: number): Promise<number> {
  const peer = session.role === "left" ? "right" : "left";
  const culprit = session.party(peer);
  const salt = session.rng.bytes(32);
  session.send(peer, "commitment", { digest: commit(session, session.role, value, salt) });
  const { digest } = await session.receive(peer, "commitment");
  session.send(peer, "opening", { value, salt });
  const theirs = await session.receive(peer, "opening");
  if (!constantTimeEqual(digest, commit(session, peer, theirs.value, theirs.salt)))
    throw new Misbehaviour(culprit, "cheat", "opens another commitment");
  const total = value + theirs.value;
  session.send("clerk", "report", { total, digits: digitsOf(total) });
  return total;
}

export async function clerk(session: Session<SumMessages, "clerk">): Promise<number> {
  const [one, other] = [
    await session.receive("left", "report"),
    await session.receive("right", "report"),
  ];
  for (const [role, { total, digits }] of [
    ["left", one],
    ["right", other],
  ] as const)
    if (digitsOf(total).join() !== digits.join())
      throw new Misbehaviour(session.party(role), "malformed", "digits of another number");
  if (one.total !== other.total)
    throw new Misbehaviour(session.party("right"), "mismatch", "another total");
  return one.total;
}

export function commit(
  session: SumSession,
  role: string,
  value: number,
  salt: Uint8Array,
): Uint8Array {
  const parts = [session.context("commitment"), Buffer.from(role), Uint8Array.of(value)];
  return saltedDigest("toy-sum", salt, ...parts);
}

export function digitsOf(total: number): number[] {
  return [Math.floor(total / 100) % 10, Math.floor(total / 10) % 10, total % 10];
}

/** What is stated of it. */
export const sumSpecification: Specification<
  "left" | "right" | "clerk",
  SumMessages,
  { readonly small: number },
  SumInputs
> = {
  inputs: [
    { left: 3, right: 4, clerk: undefined },
    { left: 255, right: 127, clerk: undefined },
  ],
  roles: { left: bank, right: bank, clerk },
  ideal: ({ left, right }) => ({ left: left + right, right: left + right, clerk: left + right }),
  parameters: ({ left, right }) => ({ small: [left, right].filter((value) => value < 128).length }),
};
