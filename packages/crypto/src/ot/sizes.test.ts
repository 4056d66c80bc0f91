/** Every code with every field, in batches of all kinds of sizes. */
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { dealOt } from "./dealer.ts";
import { type OtParameters, OtUsageError } from "./index.ts";
import { OT_BATCH_LIMIT } from "./parameters.ts";

const cases = ([2, 4, 16] as const).flatMap((choices) =>
  ([1, 2, 4] as const).map((fieldBits) => ({ choices, fieldBits, padBits: 16 }) as const),
);

/** OTs of one batch whose pads do not agree at the receiver's choice, or agree at two others. */
function wrong({ sender, receiver }: ReturnType<typeof dealOt>, choices: number, count: number) {
  const correction = receiver.extend(count);
  const challenge = sender.challenge(count, correction, seededRng(`challenge ${count}`));
  const { response, batch } = receiver.respond(challenge);
  const { pads } = sender.verify(response);
  expect([batch.count, batch.pads.length, pads.length]).toEqual([count, count, count * choices]);
  let mismatches = 0;
  let coincidences = 0;
  for (let i = 0; i < count; i++) {
    const choice = batch.choices[i]!;
    if (pads[i * choices + choice] !== batch.pads[i]) mismatches++;
    const other = (choice + 1) % choices;
    if (pads[i * choices + other] === batch.pads[i]) coincidences++;
  }
  return { mismatches, coincidences };
}

describe.each(cases)("1-of-$choices, k = $fieldBits", (parameters: OtParameters) => {
  const pair = dealOt(parameters, new Uint8Array(1), seededRng("sizes"));

  test.each([1, 2, 3, 127, 128, 129, 1023, 1024, 1025, 5000])("a batch of %i", (count) => {
    const { mismatches, coincidences } = wrong(pair, parameters.choices, count);
    expect(mismatches).toBe(0);
    // One in 65,536 is expected to.
    expect(coincidences).toBeLessThan(4);
  });

  test("a batch of none, or of too many, is refused by both sides", () => {
    for (const count of [0, -1, 1.5, Number.NaN, OT_BATCH_LIMIT + 1]) {
      const { sender, receiver } = dealOt(parameters, new Uint8Array(1), seededRng("none"));
      expect(() => receiver.extend(count)).toThrow(OtUsageError);
      expect(() => sender.challenge(count, new Uint8Array(0), seededRng("none"))).toThrow(
        OtUsageError,
      );
    }
  });
});

test("the largest batch", () => {
  const pair = dealOt({ choices: 16, padBits: 16 }, new Uint8Array(1), seededRng("largest"));
  const { mismatches, coincidences } = wrong(pair, 16, OT_BATCH_LIMIT);
  expect(mismatches).toBe(0);
  expect(coincidences).toBeLessThan(20); // 4 are expected
});
