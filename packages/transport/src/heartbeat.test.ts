import { expect, it } from "vitest";
import { Heartbeat } from "./heartbeat.ts";
import { LINK_LIMITS } from "./limits.ts";
import { VirtualClock } from "./simulated/virtual-clock.ts";

/** A heart whose peer answers each ping after 20 ms, as long as it is there. */
function heart() {
  const common = new VirtualClock();
  const state = { aheadMs: 0, there: true, silentFor: undefined as number | undefined, pings: 0 };
  const clock = common.skewed(() => state.aheadMs);
  const heartbeat = new Heartbeat({
    clock,
    limits: LINK_LIMITS,
    ping: () => {
      state.pings += 1;
      if (state.there) clock.after(20, () => heartbeat.heard(clock.now()));
    },
    problem: () => undefined,
    broken: () => {},
    silent: (forMs) => {
      state.silentFor = forMs;
    },
  });
  return { common, state, heartbeat };
}

it("keeps a link whose peer answers, and notices within 15 seconds one that does not", async () => {
  const { common, state } = heart();
  await common.advance(60_000);
  expect(state.silentFor).toBeUndefined();
  state.there = false;
  await common.advance(15_000);
  expect(state.silentFor).toBeGreaterThanOrEqual(LINK_LIMITS.silenceMs);
});

it.each([600_000, -600_000])("keeps it also when the clock jumps by %i ms", async (jumpMs) => {
  const { common, state } = heart();
  await common.advance(12_345);
  state.aheadMs = jumpMs;
  await common.advance(60_000);
  expect(state.silentFor).toBeUndefined();
});

it("beats no more once it is stopped", async () => {
  const { common, state, heartbeat } = heart();
  await common.advance(10_000);
  const { pings } = state;
  heartbeat.stop();
  await common.advance(60_000);
  expect(state.pings).toBe(pings);
});
