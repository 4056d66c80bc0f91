import { ProtocolError } from "@moiety/kit";
import { describe, expect, test } from "vitest";
import { IdleClock } from "./idle-clock.ts";
import { runProtocol } from "./run.ts";
import { asker, echo, echoer } from "./testing/toy-echo/protocol.ts";
import { bank, clerk, sum } from "./testing/toy-sum/protocol.ts";

const plays = {
  left: (session: Parameters<typeof bank>[0]) => bank(session, 200),
  right: (session: Parameters<typeof bank>[0]) => bank(session, 5),
  clerk,
};

const word = Uint8Array.of(1, 2, 3);
const echoes = { asker: (session: Parameters<typeof asker>[0]) => asker(session, word), echoer };

describe.each(["memory", "wss"] as const)("a run over %s", (links) => {
  test("gives outputs, meters, frames and rounds", async () => {
    const run = await runProtocol(sum, plays, { seed: "1", links });
    expect(run.outputs).toEqual({ left: 205, right: 205, clerk: 205 });
    expect([run.errors, run.unfinished]).toEqual([{}, []]);
    expect(run.meters.left).toMatchObject({ commitment: { count: 1 }, report: { count: 1 } });
    expect(
      run.frames.map(({ round, from, to, message }) => `${round} ${from} ${to} ${message}`),
    ).toEqual([
      "1 left right commitment",
      "1 right left commitment",
      "2 left right opening",
      "2 right left opening",
      "3 left clerk report",
      "3 right clerk report",
    ]);
    expect(run.rounds).toBe(3);
    expect(run.sessionId).toHaveLength(16);
  });

  test("names who failed; the others end as well", async () => {
    const run = await runProtocol(
      sum,
      { ...plays, right: () => Promise.reject(new Error("out of paper")) },
      { seed: "1", links },
    );
    expect(run.unfinished).toEqual([]);
    expect(run.outputs).toEqual({});
    expect(run.errors.right).toMatchObject({ party: "right", code: "internal" });
    expect(run.errors.left).toMatchObject({ party: "right", code: "aborted" });
    for (const error of Object.values(run.errors)) expect(error).toBeInstanceOf(ProtocolError);
  });
});

describe("a run over a simulated network", () => {
  test.each([
    ["lan", 0.2, 1.5],
    ["wan", 15, 1.2],
    ["mobile", 40, 2.1],
  ] as const)("%s takes as long as its rounds do there", async (links, latencyMs, spread) => {
    const { outputs, rounds, simulatedMs } = await runProtocol(sum, plays, { seed: "1", links });
    expect(outputs).toEqual({ left: 205, right: 205, clerk: 205 });
    // Channels open without waiting, but the first answer on a new link is waited for.
    const least = (rounds + 1) * latencyMs;
    expect(simulatedMs).toBeGreaterThan(least);
    expect(simulatedMs).toBeLessThan((least + 3 * latencyMs) * spread);
  });

  test("sends what it sends elsewhere, and takes as long with the same seed", async () => {
    const reference = await runProtocol(sum, plays, { seed: "1", links: "memory" });
    const first = await runProtocol(sum, plays, { seed: "1", links: "mobile" });
    const again = await runProtocol(sum, plays, { seed: "1", links: "mobile" });
    expect(first.frames).toEqual(reference.frames);
    expect(again.simulatedMs).toBe(first.simulatedMs);
    expect(reference.simulatedMs).toBeUndefined();
  });

  test("brings its own clock", async () => {
    const clock = new IdleClock();
    const run = runProtocol(sum, plays, { seed: "1", links: "wan", clock });
    await expect(run).rejects.toThrow(TypeError);
  });
});

describe("a run", () => {
  test("is the same over any link, and another one with another seed", async () => {
    const frames = async (seed: string, links: "memory" | "wss"): Promise<unknown> =>
      (await runProtocol(sum, plays, { seed, links })).frames;
    const reference = await frames("1", "memory");
    expect(await frames("1", "memory")).toEqual(reference);
    expect(await frames("1", "wss")).toEqual(reference);
    expect(await frames("2", "memory")).not.toEqual(reference);
  });

  test("shows the tap what was sent, and delivers what the tap returns", async () => {
    const run = await runProtocol(echo, echoes, {
      seed: "1",
      links: "memory",
      tap({ from, index, frame }) {
        expect(index).toBe(0);
        if (from !== "echoer") return undefined;
        const changed = Uint8Array.from(frame);
        changed[changed.length - 1] = 9;
        return [changed];
      },
    });
    expect(run.outputs.asker).toEqual(Uint8Array.of(1, 2, 9));
    expect([...(run.frames.at(-1)?.frame ?? [])].at(-1)).toBe(3); // as its sender wrote it
  });

  test("with an idle clock, a lost frame ends in a deadline and not in a long wait", async () => {
    const run = await runProtocol(echo, echoes, {
      seed: "1",
      links: "memory",
      tap: ({ from }) => (from === "asker" ? [] : undefined),
      clock: new IdleClock(),
      patienceMs: 4_000, // less than the protocol's own 5 s
    });
    expect(run.unfinished).toEqual([]);
    const codes = Object.values(run.errors).map(({ code }) => code);
    expect(codes).toEqual(["deadline", "deadline"]);
  });

  test("tells which roles never end", async () => {
    const run = await runProtocol(
      echo,
      { ...echoes, echoer: () => new Promise<void>(() => {}) },
      { seed: "1", links: "memory", clock: new IdleClock() },
    );
    expect(run.unfinished).toEqual(["echoer"]);
    expect(run.errors.asker).toMatchObject({ party: "echoer", code: "deadline" });
  });
});
