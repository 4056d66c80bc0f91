import { seededRng } from "@moiety/crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Pipe } from "./pipe.ts";
import { PROFILES } from "./profiles.ts";
import { VirtualClock } from "./virtual-clock.ts";

const event = fc.record({
  afterMs: fc.integer({ min: 0, max: 30 }),
  what: fc.constantFrom("send", "block", "unblock"),
});

it("delivers everything once and in order, whenever the way is blocked in between", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 40 }),
      fc.integer(),
      fc.constantFrom(...Object.values(PROFILES)),
      async (events, seed, profile) => {
        const clock = new VirtualClock();
        const arrived: number[] = [];
        let isBlocked = false;
        const pipe = new Pipe({
          clock,
          rng: seededRng(`pipe ${seed}`),
          profile,
          blocked: () => isBlocked,
          arrive: (packet) => {
            if (packet.kind === "record") arrived.push(packet.record[0] as number);
          },
          moved: () => {},
        });
        const pass = (ms: number): Promise<void> =>
          clock.runWhile(
            new Promise((resolve) => {
              clock.after(ms, resolve);
            }),
          );
        let sent = 0;
        for (const { afterMs, what } of events) {
          await pass(afterMs);
          if (what === "send") {
            pipe.send({ kind: "record", record: Uint8Array.of(sent) });
            sent += 1;
          } else {
            isBlocked = what === "block";
            pipe.unblock();
          }
        }
        isBlocked = false;
        pipe.unblock();
        await pass(60_000);
        expect(arrived).toEqual(Array.from({ length: sent }, (_, i) => i));
        expect(pipe.pendingBytes).toBe(0);
      },
    ),
    { numRuns: 200 },
  );
});
