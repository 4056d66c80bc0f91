import { describe, expect, test } from "vitest";
import { ProtocolError } from "./errors.ts";
import { systemClock } from "./link.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";
import { pingPair, play, withLoad } from "./testing/ping.ts";

function failed(
  result: PromiseSettledResult<unknown>,
): Pick<ProtocolError, "party" | "step" | "code"> {
  const { reason } = result as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(ProtocolError);
  const { party, step, code } = reason as ProtocolError;
  return { party, step, code };
}

describe("deadlines", () => {
  test("a silent peer is cut off after receiveMs, not before", async () => {
    const clock = new ManualClock();
    const pair = await pingPair({ clock });
    let ended = false;
    const left = pair.left.run(async () => {
      await pair.left.receive("right", "pong");
    });
    void left.catch(() => {
      ended = true;
    });
    await clock.advance(999);
    expect(ended).toBe(false);
    await clock.advance(1);
    const [result] = await Promise.allSettled([left]);
    expect(failed(result)).toEqual({ party: "bob", step: "pong", code: "deadline" });
    expect(clock.waiting).toBe(0);
    // The other side is told which kind of end it was.
    const [other] = await Promise.allSettled([
      pair.right.run(() => pair.right.receive("left", "ping")),
    ]);
    expect(failed(other)).toEqual({ party: "alice", step: "ping", code: "deadline" });
  });

  test("each message has its own time", async () => {
    const clock = new ManualClock();
    const ends = play(
      await pingPair({ clock }),
      async (session) => {
        for (let n = 0; n < 5; n += 1) await session.receive("right", "pong");
        return "done";
      },
      async (session) => {
        for (let n = 0; n < 5; n += 1) {
          await new Promise<void>((resolve) => {
            clock.after(900, resolve);
          });
          session.send("left", "pong", withLoad(n));
          await session.flush();
        }
      },
    );
    for (let n = 0; n < 5; n += 1) await clock.advance(900);
    expect((await ends).left).toEqual({ status: "fulfilled", value: "done" });
    expect(clock.waiting).toBe(0);
  });

  test("withinMs takes the place of receiveMs for one message", async () => {
    const clock = new ManualClock();
    const pair = await pingPair({ clock });
    const left = pair.left.run(() => pair.left.receive("right", "pong", 5000));
    const settled = Promise.allSettled([left]);
    await clock.advance(4999);
    await clock.advance(1);
    expect(failed((await settled)[0])).toMatchObject({ party: "bob", code: "deadline" });
  });

  test("withinMs of Infinity waits until something comes", async () => {
    const clock = new ManualClock();
    const { totalMs: _, ...limits } = { totalMs: 0, receiveMs: 1000 };
    const pair = await pingPair({ clock, limits });
    const left = pair.left.run(async () => {
      const ball: { n: number } = await pair.left.receive(
        "right",
        "pong",
        Number.POSITIVE_INFINITY,
      );
      return ball.n;
    });
    await clock.advance(9_000);
    expect(clock.waiting).toBe(1); // only the total deadline
    pair.right.send("left", "pong", withLoad(3));
    await pair.right.flush();
    expect(await left).toBe(3);
  });

  test("a session that is not done after totalMs ends, naming whom it waits for", async () => {
    const clock = new ManualClock();
    const ends = play(
      await pingPair({ clock, limits: { totalMs: 3000 } }),
      async (session) => {
        for (;;) await session.receive("right", "pong");
      },
      async (session) => {
        for (;;) {
          await new Promise<void>((resolve) => {
            clock.after(700, resolve);
          });
          session.send("left", "pong", withLoad(1));
          await session.flush();
        }
      },
    );
    for (let n = 0; n < 6; n += 1) await clock.advance(700);
    const { left, right } = await ends;
    expect(failed(left)).toMatchObject({ party: "bob", code: "deadline" });
    expect(right.status).toBe("rejected");
  });

  test("the total deadline names this side when it waits for nobody", async () => {
    const clock = new ManualClock();
    let release = (): void => {};
    const busy = new Promise<void>((resolve) => {
      release = resolve;
    });
    const pair = await pingPair({ clock });
    const left = Promise.allSettled([pair.left.run(() => busy)]);
    await clock.advance(10_000);
    release();
    expect(failed((await left)[0])).toMatchObject({ party: "alice", code: "deadline" });
  });

  test("a peer that sends but does not read is cut off as well", async () => {
    const clock = new ManualClock();
    const pair = await pingPair({ clock });
    pair.right.send("left", "both", withLoad(1));
    await pair.right.flush(); // bob answers, and never reads
    const left = Promise.allSettled([
      pair.left.run(async () => {
        for (let n = 0; n < 8; n += 1) pair.left.send("right", "both", withLoad(n, 1_000_000));
        await pair.left.receive("right", "both");
      }),
    ]);
    await clock.advance(1000);
    expect(failed((await left)[0])).toMatchObject({ party: "bob", code: "deadline" });
  });

  test("also when it happens at the end of a role", async () => {
    const clock = new ManualClock();
    const pair = await pingPair({ clock });
    const left = Promise.allSettled([
      pair.left.run(async () => {
        for (let n = 0; n < 8; n += 1) pair.left.send("right", "both", withLoad(n, 1_000_000));
      }),
    ]);
    await clock.advance(1000);
    expect(failed((await left)[0])).toMatchObject({ party: "bob", code: "deadline" });
  });

  test("a peer's time runs only once it has been sent what it must answer", async () => {
    const clock = new ManualClock();
    const count = 8;
    const ends = play(
      await pingPair({ clock, limits: { totalMs: 100_000 } }),
      async (session) => {
        for (let n = 0; n < count; n += 1) session.send("right", "ping", withLoad(n, 1_000_000));
        return (await session.receive("right", "pong")).n;
      },
      async (session) => {
        // A slow reader: by the time it has read all, receiveMs is long over.
        for (let n = 0; n < count; n += 1) {
          await new Promise<void>((resolve) => {
            clock.after(200, resolve);
          });
          await session.receive("left", "ping");
        }
        session.send("left", "pong", withLoad(5));
      },
    );
    for (let n = 0; n < count; n += 1) await clock.advance(200);
    expect((await ends).left).toEqual({ status: "fulfilled", value: 5 });
  });

  test("a session that ended leaves no timer", async () => {
    const clock = new ManualClock();
    const pair = await pingPair({ clock });
    await play(
      pair,
      async (session) => {
        session.send("right", "ping", withLoad(1));
      },
      async (session) => {
        await session.receive("left", "ping");
      },
    );
    await settle();
    expect(clock.waiting).toBe(0);
  });
});

describe("the machine's clock", () => {
  test("refuses delays that Node would cut to one millisecond", () => {
    for (const delay of [2 ** 31, Number.POSITIVE_INFINITY, Number.NaN, -1])
      expect(() => systemClock.after(delay, () => {})).toThrow(RangeError);
  });

  test("cancels", async () => {
    let fired = false;
    const cancel = systemClock.after(0, () => {
      fired = true;
    });
    cancel();
    await settle();
    expect(fired).toBe(false);
  });
});
