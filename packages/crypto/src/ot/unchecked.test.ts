import { expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { uncheckedOt } from "./unchecked.ts";

test.each([2, 4, 16] as const)("1-of-%i: the receiver has the sender's pad of its choice", (n) => {
  const { sender, receiver } = uncheckedOt({ choices: n, padBits: 16 }, seededRng("unchecked"));
  let seen = "";
  for (const count of [1, 1000, 1025]) {
    const { correction, batch } = receiver.extend(count);
    const { pads } = sender.take(count, correction);
    const chosen = Uint16Array.from(batch.choices, (c, i) => pads[i * n + c]!);
    expect(batch.pads).toEqual(chosen);
    expect(new Set(batch.choices).size).toBeLessThanOrEqual(n);
    const others = pads.filter((pad, i) => pad === batch.pads[Math.floor(i / n)]).length;
    expect(others).toBeLessThan(count * 1.1 + 2);
    const digest = Buffer.from(correction).toString("hex");
    expect(digest).not.toBe(seen);
    seen = digest;
  }
});
