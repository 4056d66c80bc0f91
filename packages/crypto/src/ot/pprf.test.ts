import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { chosenKeys, dealStreams } from "./dealer.ts";
import { OtCheatError } from "./errors.ts";
import { type OtParameters, otPlan, pprfMessageBytes } from "./parameters.ts";
import { LEAF_BYTES, pprfChoices, pprfReceive, pprfSend } from "./pprf.ts";
import { otSession } from "./session.ts";

const context = new TextEncoder().encode("pprf test");

function column(fieldBits: 1 | 2 | 4, delta: number, tamper: (message: Uint8Array) => void) {
  const plan = otPlan({ choices: 2, padBits: 16, fieldBits });
  const session = otSession(plan, context);
  const keys = seededRng(`keys ${fieldBits}`).bytes(fieldBits * 32);
  const choices = pprfChoices(plan, new Uint8Array(plan.columns).fill(delta)).subarray(
    0,
    fieldBits,
  );
  const sent = pprfSend(session, plan, 3, keys);
  tamper(sent.message);
  const mine = chosenKeys(keys, choices);
  const got = pprfReceive(session, plan, 3, delta, mine, sent.message);
  return { sent, got, leaves: plan.leaves };
}

const leaf = (leaves: Uint8Array, y: number) =>
  Buffer.from(leaves.subarray(y * LEAF_BYTES, (y + 1) * LEAF_BYTES)).toString("hex");

describe.each([1, 2, 4] as const)("all-but-one of 2^%i leaves", (fieldBits) => {
  const points = Array.from({ length: 2 ** fieldBits }, (_, point) => point);

  test("the receiver knows every leaf but that at its point", () => {
    for (const delta of points) {
      const { sent, got } = column(fieldBits, delta, () => {});
      expect(got.consistent).toBe(true);
      expect(sent.message).toHaveLength(32 * (fieldBits - 1) + 64);
      for (const y of points) {
        if (y === delta) expect(leaf(got.leaves, y)).toBe("00".repeat(LEAF_BYTES));
        else expect(leaf(got.leaves, y)).toBe(leaf(sent.leaves, y));
      }
      expect(new Set(points.map((y) => leaf(sent.leaves, y))).size).toBe(points.length);
    }
  });

  test("a tampered tag sum or hash is always refused", () => {
    for (const delta of points) {
      for (const fromEnd of [64, 33, 32, 1]) {
        const { got } = column(fieldBits, delta, (message) => {
          message[message.length - fromEnd]! ^= 1;
        });
        expect(got.consistent).toBe(false);
      }
    }
  });
});

test("a tampered correction is a guess at one bit of the point: half the points pass", () => {
  for (const level of [1, 2, 3]) {
    for (const side of [0, 1]) {
      const passed = Array.from({ length: 16 }, (_, delta) => {
        const { got } = column(4, delta, (message) => {
          message[((level - 1) * 2 + side) * 16]! ^= 0x80;
        });
        // The receiver opens the sum beside its path: that of side 1 - bit.
        expect(got.consistent).toBe(((delta >> (3 - level)) & 1) === side);
        return got.consistent;
      });
      expect(passed.filter(Boolean)).toHaveLength(8);
    }
  }
});

describe("in a setup", () => {
  const parameters: OtParameters = { choices: 2, padBits: 16 };
  const messageBytes = pprfMessageBytes(otPlan(parameters));

  function survives(seed: string, columns: readonly number[]): { passed: boolean; right: boolean } {
    let right = true;
    try {
      dealStreams(parameters, context, seededRng(seed), (message, delta) => {
        for (const j of columns) {
          message[j * messageBytes]! ^= 1; // the sum of left leaves: bets on δ_j even
          right &&= (delta[j]! & 1) === 0;
        }
      });
      return { passed: true, right };
    } catch (error) {
      expect(error).toBeInstanceOf(OtCheatError);
      expect((error as OtCheatError).culprit).toBe("receiver");
      return { passed: false, right };
    }
  }

  test("a bet on n bits of Delta passes if and only if it is right, some 2^-n of the time", () => {
    const bets = [[5], [0, 63], Array.from({ length: 20 }, (_, j) => 3 * j)];
    const passed = bets.map((columns) => {
      const outcomes = Array.from({ length: 48 }, (_, i) => survives(`bet ${i}`, columns));
      for (const outcome of outcomes) expect(outcome.passed).toBe(outcome.right);
      return outcomes.filter((outcome) => outcome.passed).length;
    });
    expect(passed[0]).toBeGreaterThanOrEqual(12);
    expect(passed[0]).toBeLessThanOrEqual(36);
    expect(passed[1]).toBeGreaterThanOrEqual(3);
    expect(passed[1]).toBeLessThanOrEqual(24);
    expect(passed[2]).toBe(0);
  });

  test("an error does not say where", () => {
    const attempt = (j: number) => () =>
      dealStreams(parameters, context, seededRng("where"), (message) => {
        message[j * messageBytes + messageBytes - 1]! ^= 1;
      });
    const messages = [0, 63].map((j) => {
      try {
        attempt(j)();
        return "passed";
      } catch (error) {
        return (error as Error).message;
      }
    });
    expect(messages[0]).toContain("PPRF check");
    expect(messages[0]).toBe(messages[1]);
  });
});
