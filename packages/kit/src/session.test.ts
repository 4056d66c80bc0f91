import { describe, expect, test } from "vitest";
import { encode } from "./msgpack.ts";
import { FRAME_HEADER_BYTES } from "./peer-stream.ts";
import {
  type Left,
  type PairOptions,
  pingPair,
  play,
  type Right,
  withLoad,
} from "./testing/ping.ts";
import type { FrameTap } from "./testing/pipe-link.ts";
import { answer, ask, culprit, replacing, value } from "./testing/session-cast.ts";

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
