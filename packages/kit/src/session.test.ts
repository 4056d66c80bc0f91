import { seededRng } from "@moiety/crypto";
import { describe, expect, test } from "vitest";
import { Misbehaviour, ProtocolError, Refusal } from "./errors.ts";
import { CHANNEL_WINDOW_BYTES, MAX_FRAME_BYTES } from "./link.ts";
import { encode } from "./msgpack.ts";
import { FRAME_HEADER_BYTES } from "./peer-stream.ts";
import type { ChannelSession } from "./session.ts";
import {
  type Left,
  type PairOptions,
  pingPair,
  play,
  type Right,
  withLoad,
} from "./testing/ping.ts";
import type { FrameTap } from "./testing/pipe-link.ts";

/** The failure of one side; the test fails when there is none. */
function failure(result: PromiseSettledResult<unknown>): ProtocolError {
  expect(result.status).toBe("rejected");
  const { reason } = result as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(ProtocolError);
  return reason as ProtocolError;
}

function culprit(
  result: PromiseSettledResult<unknown>,
): Pick<ProtocolError, "party" | "step" | "code"> {
  const { party, step, code } = failure(result);
  return { party, step, code };
}

const value = <T>(result: PromiseSettledResult<T>): T => {
  if (result.status === "rejected") throw result.reason;
  return result.value;
};

async function ask(session: Left): Promise<number> {
  session.send("right", "ping", withLoad(1));
  return (await session.receive("right", "pong")).n;
}

async function answer(session: Right): Promise<number> {
  const { n } = await session.receive("left", "ping");
  session.send("left", "pong", withLoad(n + 1));
  return n;
}

/** A tap that lets everything pass but replaces the frame of `from` with the number `index`. */
function replacing(
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

describe("an honest run", () => {
  test("gives both outputs and counts what each side sent", async () => {
    const pair = await pingPair();
    const ends = await play(pair, ask, answer);
    expect([value(ends.left), value(ends.right)]).toEqual([2, 1]);
    const frame = FRAME_HEADER_BYTES + encode({ n: 1, load: new Uint8Array() }).length;
    expect(pair.left.meter).toEqual({ ping: { count: 1, bytes: frame } });
    expect(pair.right.meter).toEqual({ pong: { count: 1, bytes: frame } });
  });

  test("send is buffered; it leaves before receive, and at the end", async () => {
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
        session.send("right", "ping", withLoad(2));
        await new Promise((resolve) => setImmediate(resolve));
        expect(sent).toEqual([]);
        const { n } = await session.receive("right", "pong");
        session.send("right", "both", withLoad(3)); // nothing is received after this one
        return n;
      },
      async (session) => {
        await session.receive("left", "ping");
        await session.receive("left", "ping");
        session.send("left", "pong", withLoad(9));
        return (await session.receive("left", "both")).n;
      },
    );
    expect([value(ends.left), value(ends.right)]).toEqual([9, 3]);
    expect(sent).toEqual(["alice", "alice", "bob", "alice"]);
  });

  test("flush sends at once, for roles that stream", async () => {
    const pair = await pingPair();
    const ends = await play(
      pair,
      async (session) => {
        for (let n = 0; n < 30; n += 1) {
          session.send("right", "ping", withLoad(n, 1 << 19));
          await session.flush();
        }
      },
      async (session) => {
        const seen: number[] = [];
        for (let n = 0; n < 30; n += 1) seen.push((await session.receive("left", "ping")).n);
        return seen;
      },
    );
    expect(value(ends.right)).toEqual(Array.from({ length: 30 }, (_, n) => n));
  });

  test("party names a role's party and refuses other names", async () => {
    const { left } = await pingPair();
    expect([left.party("left"), left.party("right")]).toEqual(["alice", "bob"]);
    for (const role of ["middle", "constructor", ""])
      expect(() => left.party(role)).toThrow(TypeError);
  });
});

describe("context", () => {
  test("binds label, session and parties, and is the same on both sides", async () => {
    const { left, right } = await pingPair();
    const other = await pingPair({ id: new Uint8Array(16).fill(1) });
    expect(left.context("a")).toEqual(right.context("a"));
    expect(left.context("a")).toHaveLength(32);
    expect(left.context("a")).not.toEqual(left.context("b"));
    expect(left.context("a")).not.toEqual(other.left.context("a"));
  });
});

describe("transcript", () => {
  async function transcripts(options: PairOptions): Promise<[Uint8Array, Uint8Array]> {
    const ends = await play(
      await pingPair(options),
      async (session) => {
        await ask(session);
        return session.transcript("right");
      },
      async (session) => {
        await answer(session);
        return session.transcript("left");
      },
    );
    return [value(ends.left), value(ends.right)];
  }

  test("is equal on both sides, and another one in another session", async () => {
    const [left, right] = await transcripts({});
    expect(left).toEqual(right);
    const [other] = await transcripts({ id: new Uint8Array(16).fill(1) });
    expect(other).not.toEqual(left);
  });

  test("differs after any change that the codec lets pass", async () => {
    for (const [from, message] of [
      ["alice", "ping"],
      ["bob", "pong"],
    ] as const) {
      const [left, right] = await transcripts({
        tap: replacing(from, 0, (frame) => {
          const changed = encode({ n: 7, load: new Uint8Array() });
          return [Uint8Array.from([...frame.subarray(0, FRAME_HEADER_BYTES), ...changed])];
        }),
      });
      expect(left, message).not.toEqual(right);
    }
  });

  test("grows with each message, sent or received, queued ones too", async () => {
    const seen: string[] = [];
    const note = (session: Left): unknown =>
      seen.push(Buffer.from(session.transcript("right")).toString("hex"));
    const ends = await play(
      await pingPair(),
      async (session) => {
        note(session);
        session.send("right", "ping", withLoad(1));
        note(session);
        await session.receive("right", "pong");
        note(session);
      },
      answer,
    );
    value(ends.left);
    expect(new Set(seen).size).toBe(3);
  });

  test("tells directions apart: the same bytes sent the other way give another", async () => {
    const first = await pingPair();
    const second = await pingPair();
    (first.left as unknown as Left).send("right", "both", withLoad(1));
    (second.right as unknown as Right).send("left", "both", withLoad(1));
    expect(first.left.transcript("right")).not.toEqual(second.right.transcript("left"));
  });
});

describe("a peer that does not keep to the rules is named", () => {
  const ball = { n: 1, load: new Uint8Array() };
  const framed = (tag: number, sequence: number, body: Uint8Array): Uint8Array[] => [
    Uint8Array.from([tag, 0, 0, 0, sequence, ...body]),
  ];
  const forged: readonly (readonly [string, string, (frame: Uint8Array) => Uint8Array[]])[] = [
    ["a repeated frame", "unexpected", (frame) => [frame, frame]],
    ["a sequence number too high", "unexpected", () => framed(0, 1, encode(ball))],
    ["another message", "unexpected", () => framed(2, 0, encode(ball))],
    ["a message of the other direction", "unexpected", () => framed(1, 0, encode(ball))],
    ["a tag without message", "unexpected", () => framed(77, 0, encode(ball))],
    ["an empty frame", "malformed", () => [new Uint8Array()]],
    ["a frame shorter than its header", "malformed", () => [Uint8Array.of(0, 0, 0, 0)]],
    ["a header without body", "malformed", () => framed(0, 0, new Uint8Array())],
    ["a truncated body", "malformed", (frame) => [frame.subarray(0, frame.length - 1)]],
    ["an extended body", "malformed", (frame) => [Uint8Array.from([...frame, 0])]],
    ["nil", "malformed", () => framed(0, 0, Uint8Array.of(0xc0))],
    ["a field out of range", "malformed", () => framed(0, 0, encode({ ...ball, n: 1001 }))],
    ["an unknown key", "malformed", () => framed(0, 0, encode({ ...ball, m: 1 }))],
  ];

  test.each(forged)("%s", async (_, code, change) => {
    const ends = await play(
      await pingPair({ tap: replacing("alice", 0, change) }),
      async (session) => {
        session.send("right", "ping", withLoad(1));
        session.send("right", "ping", withLoad(2));
        await session.receive("right", "pong");
      },
      async (session) => {
        await session.receive("left", "ping");
        await session.receive("left", "ping");
        session.send("left", "pong", withLoad(1));
      },
    );
    expect(culprit(ends.right)).toEqual({ party: "alice", step: "ping", code });
    expect(culprit(ends.left)).toEqual({ party: "bob", step: "pong", code: "aborted" });
  });

  test("two frames that changed places", async () => {
    const held: Uint8Array[] = [];
    const tap: FrameTap = (from, frame) => {
      if (from !== "alice") return [frame];
      held.push(frame);
      return held.length === 2 ? held.reverse() : [];
    };
    const ends = await play(
      await pingPair({ tap }),
      async (session) => {
        session.send("right", "ping", withLoad(1));
        session.send("right", "ping", withLoad(2));
        await session.receive("right", "pong");
      },
      async (session) => {
        await session.receive("left", "ping");
      },
    );
    expect(culprit(ends.right)).toEqual({ party: "alice", step: "ping", code: "unexpected" });
  });

  test("more bytes than the limit, counted over all frames", async () => {
    const ends = await play(
      await pingPair({ limits: { receivedBytes: 2500 } }),
      async (session) => {
        for (let n = 0; n < 3; n += 1) session.send("right", "ping", withLoad(n, 1000));
        await session.receive("right", "pong");
      },
      async (session) => {
        for (let n = 0; n < 3; n += 1) await session.receive("left", "ping");
      },
    );
    expect(culprit(ends.right)).toEqual({ party: "alice", step: "ping", code: "limit" });
  });

  test("one that closes before it is done", async () => {
    const ends = await play(
      await pingPair(),
      async () => {},
      async (session) => {
        await session.receive("left", "ping");
      },
    );
    expect(culprit(ends.right)).toEqual({ party: "alice", step: "ping", code: "aborted" });
  });
});

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
