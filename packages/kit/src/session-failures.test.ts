import { seededRng } from "@moiety/crypto";
import { describe, expect, test } from "vitest";
import { Misbehaviour, ProtocolError, Refusal } from "./errors.ts";
import { CHANNEL_WINDOW_BYTES, MAX_FRAME_BYTES } from "./link.ts";
import type { ChannelSession } from "./session.ts";
import { pingPair, play, type Right, withLoad } from "./testing/ping.ts";
import { answer, ask, culprit, failure, replacing, value } from "./testing/session-cast.ts";

describe("failures of a role", () => {
  /** What the left role throws, what left logs, and what right is told. */
  const thrown: readonly (readonly [string, () => Error, object, string])[] = [
    [
      "Refusal",
      () => new Refusal("busy", "rate of 5 a second"),
      { party: "alice", code: "busy" },
      "busy",
    ],
    [
      "Refusal",
      () => new Refusal("conflict", "version 7 is current"),
      { party: "alice", code: "conflict" },
      "conflict",
    ],
    [
      "Misbehaviour",
      () => new Misbehaviour("bob", "cheat", "proof fails"),
      { party: "bob", code: "cheat" },
      "aborted",
    ],
    [
      "Misbehaviour",
      () => new Misbehaviour("bob", "mismatch", "views differ"),
      { party: "bob", code: "mismatch" },
      "aborted",
    ],
    [
      "an unknown error",
      () => new Error("disk full"),
      { party: "alice", code: "internal" },
      "aborted",
    ],
    [
      "a mistake with types",
      () => new TypeError("x is not a function"),
      { party: "alice", code: "internal" },
      "aborted",
    ],
  ];

  test.each(thrown)("%s", async (_, make, logged, told) => {
    const error = make();
    const ends = await play(
      await pingPair(),
      async (session) => {
        await ask(session);
        throw error;
      },
      async (session) => {
        await answer(session);
        await session.receive("left", "both");
      },
    );
    expect(culprit(ends.left)).toEqual({ ...logged, step: "pong" });
    expect(failure(ends.left).message).toContain(error.message);
    // The peer learns a class and never the detail.
    expect(culprit(ends.right)).toEqual({ party: "alice", step: "both", code: told });
    expect(failure(ends.right).message).not.toContain(error.message);
  });

  test("an unknown error is kept as the cause", async () => {
    const error = new Error("disk full");
    const ends = await play(
      await pingPair(),
      () => Promise.reject(error),
      async () => {},
    );
    expect(failure(ends.left).cause).toBe(error);
  });

  test("stand even when the role swallows them", async () => {
    const pair = await pingPair({ tap: replacing("alice", 0, () => [Uint8Array.of(9)]) });
    const ends = await play(pair, ask, async (session) => {
      await session.receive("left", "ping").catch(() => {});
      return "fine";
    });
    expect(culprit(ends.right)).toMatchObject({ party: "alice", code: "malformed" });
    const spent = pair.right as unknown as Right;
    expect(() => spent.send("left", "pong", withLoad(1))).toThrow(ProtocolError);
    await expect(spent.receive("left", "ping")).rejects.toThrow(ProtocolError);
    await expect(spent.flush()).rejects.toThrow(ProtocolError);
  });

  test("nothing that was queued leaves after a failure", async () => {
    const sent: string[] = [];
    const pair = await pingPair({
      tap(from, frame) {
        sent.push(from);
        return [frame];
      },
    });
    const ends = await play(
      pair,
      async (session) => {
        session.send("right", "ping", withLoad(1));
        throw new Refusal("refused", "no");
      },
      async (session) => {
        await session.receive("left", "ping");
      },
    );
    expect(culprit(ends.right)).toMatchObject({ party: "alice", code: "refused" });
    expect(sent).toEqual([]);
  });

  test("a session that was abandoned ends with the party that did so", async () => {
    const pair = await pingPair();
    const running = play(pair, ask, async (session) => {
      await session.receive("left", "both");
    });
    pair.right.abandon("shutting down");
    const ends = await running;
    expect(failure(ends.right).message).toContain("shutting down");
    expect(culprit(ends.right)).toMatchObject({ party: "bob", code: "aborted" });
    expect(culprit(ends.left)).toMatchObject({ party: "bob", code: "aborted" });
  });
});

describe("mistakes of this side are its own", () => {
  const wrong: readonly (readonly [string, (session: ChannelSession) => unknown])[] = [
    ["a message of another role", (session) => session.send("right", "pong", withLoad(1))],
    ["a message to oneself", (session) => session.send("left", "both", withLoad(1))],
    ["a message that does not exist", (session) => session.send("right", "toString", {})],
    ["a body out of bounds", (session) => session.send("right", "ping", withLoad(1001))],
    [
      "a frame that does not fit",
      (session) => session.send("right", "ping", withLoad(1, MAX_FRAME_BYTES)),
    ],
    ["a message that never comes", (session) => session.receive("right", "ping")],
    ["a role that does not exist", (session) => session.receive("constructor", "pong")],
    [
      "two receives at a time",
      (session) =>
        Promise.all([session.receive("right", "pong"), session.receive("right", "pong")]),
    ],
    [
      "more in the queue than may be",
      (session) => {
        for (let n = 0; n < 40; n += 1) session.send("right", "ping", withLoad(n, 1_000_000));
      },
    ],
  ];

  test.each(wrong)("%s", async (_, mistake) => {
    const ends = await play(
      await pingPair(),
      async (session) => {
        await mistake(session as unknown as ChannelSession);
      },
      async (session) => {
        await session.receive("left", "ping");
      },
    );
    expect(culprit(ends.left)).toMatchObject({ party: "alice", code: "internal" });
    expect(culprit(ends.right)).toMatchObject({ party: "alice", code: "aborted" });
  });
});

describe("randomness", () => {
  test("comes from the generator that the session was given", async () => {
    const { left } = await pingPair({ rng: seededRng("x") });
    expect(left.rng.bytes(8)).toEqual(seededRng("x").bytes(8));
  });
});

describe("flushing", () => {
  /** Sends `count` messages of 1 MB before it receives as many. */
  async function pour(
    session: { send(n: number): void; receive(): Promise<{ n: number }> },
    count: number,
  ): Promise<number[]> {
    for (let n = 0; n < count; n += 1) session.send(n);
    const seen: number[] = [];
    for (let n = 0; n < count; n += 1) seen.push((await session.receive()).n);
    return seen;
  }

  test("two sides that pour more than a window at each other do not wait for ever", async () => {
    const count = 12;
    expect(count * 1_000_000).toBeGreaterThan(2 * CHANNEL_WINDOW_BYTES);
    const ends = await play(
      await pingPair(),
      (session) =>
        pour(
          {
            send: (n) => session.send("right", "both", withLoad(n, 1_000_000)),
            receive: () => session.receive("right", "both"),
          },
          count,
        ),
      (session) =>
        pour(
          {
            send: (n) => session.send("left", "both", withLoad(n, 1_000_000)),
            receive: () => session.receive("left", "both"),
          },
          count,
        ),
    );
    const expected = Array.from({ length: count }, (_, n) => n);
    expect([value(ends.left), value(ends.right)]).toEqual([expected, expected]);
  });

  test("a second flush does not overtake the first", async () => {
    const count = 8;
    const ends = await play(
      await pingPair(),
      async (session) => {
        for (let n = 0; n < count; n += 1) session.send("right", "ping", withLoad(n, 1_000_000));
        const first = session.flush(); // blocked: the window takes four
        session.send("right", "ping", withLoad(count));
        await Promise.all([first, session.flush()]);
      },
      async (session) => {
        const seen: number[] = [];
        for (let n = 0; n <= count; n += 1) seen.push((await session.receive("left", "ping")).n);
        return seen;
      },
    );
    expect(value(ends.right)).toEqual(Array.from({ length: count + 1 }, (_, n) => n));
  });
});
