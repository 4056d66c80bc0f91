import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { dealOt, dealStreams } from "./dealer.ts";
import {
  OT_BATCH_LIMIT,
  OtCheatError,
  OtExhaustedError,
  type OtParameters,
  OtReceiver,
  OtSender,
  OtUsageError,
  otBatchBytes,
  otSetupBytes,
  startOtReceiver,
  startOtSender,
} from "./index.ts";

const parameters: OtParameters = { choices: 4, padBits: 16 };
const context = new TextEncoder().encode("misuse test");
const rng = () => seededRng("misuse");
const deal = (limit?: number) => dealOt(parameters, context, rng(), limit);

/** A pair in the middle of a batch of `count`. */
function midway(count = 10) {
  const pair = deal();
  const correction = pair.receiver.extend(count);
  return { ...pair, correction };
}

function errorOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("steps out of order destroy the state", () => {
  test("receiver", () => {
    const { receiver } = midway();
    expect(() => receiver.extend(10)).toThrow(/respond to the last batch first/);
    expect(() => receiver.extend(10)).toThrow(/destroyed/);
    expect(receiver.remaining).toBe(0);
    const other = deal().receiver;
    expect(() => other.respond(new Uint8Array(32))).toThrow(/extend before you respond/);
    expect(errorOf(() => other.extend(1))).toBeInstanceOf(OtUsageError);
  });

  test("sender", () => {
    const { sender, correction } = midway();
    sender.challenge(10, correction, rng());
    expect(() => sender.challenge(10, correction, rng())).toThrow(/verify the last batch first/);
    expect(() => sender.verify(new Uint8Array(1))).toThrow(/destroyed/);
    expect(sender.remaining).toBe(0);
    const other = deal().sender;
    expect(() => other.verify(new Uint8Array(1))).toThrow(/challenge before you verify/);
    expect(() => other.challenge(10, correction, rng())).toThrow(OtUsageError);
  });

  test("a setup is finished once", () => {
    const { setup, message } = startOtSender(parameters, context, rng());
    const { message: reply } = startOtReceiver(parameters, context, message, rng());
    setup.finish(reply);
    expect(() => setup.finish(reply)).toThrow(OtUsageError);
    const second = startOtSender(parameters, context, rng()).setup;
    second.destroy();
    second.destroy();
    expect(() => second.finish(reply)).toThrow(/destroyed/);
  });

  test("destroy may be called at any time, and again", () => {
    const { sender, receiver, correction } = midway();
    sender.challenge(10, correction, rng());
    for (const side of [sender, receiver, sender, receiver]) side.destroy();
    expect(() => receiver.respond(new Uint8Array(32))).toThrow(/destroyed/);
    expect(() => sender.verify(new Uint8Array(1))).toThrow(/destroyed/);
  });
});

describe("counts", () => {
  const wrong = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, OT_BATCH_LIMIT + 1];

  test.each(wrong)("%d is refused on both sides", (count) => {
    const { receiver, sender } = deal();
    expect(() => receiver.extend(count)).toThrow(OtUsageError);
    expect(() => sender.challenge(count, new Uint8Array(0), rng())).toThrow(OtUsageError);
    expect(() => otBatchBytes(parameters, count)).toThrow(OtUsageError);
  });

  test("a setup that is used up says so", () => {
    const { receiver, sender } = deal(100);
    const correction = receiver.extend(60);
    const { response } = receiver.respond(sender.challenge(60, correction, rng()));
    sender.verify(response);
    expect([receiver.remaining, sender.remaining]).toEqual([40, 40]);
    const { correction: bytes } = otBatchBytes(parameters, 41);
    expect(() => receiver.extend(41)).toThrow(OtExhaustedError);
    expect(() => sender.challenge(41, new Uint8Array(bytes), rng())).toThrow(
      /40 left; set up anew/,
    );
  });

  test("exactly what remains is possible", () => {
    const { receiver, sender } = deal(100);
    const { response } = receiver.respond(sender.challenge(100, receiver.extend(100), rng()));
    expect(sender.verify(response).count).toBe(100);
    expect(() => receiver.extend(1)).toThrow(OtExhaustedError);
  });
});

describe("the peer's messages", () => {
  const lengths = (right: number) => [0, right - 1, right + 1, right * 2];

  test("of a wrong length are the peer's fault", () => {
    for (const length of lengths(otBatchBytes(parameters, 10).correction)) {
      const { sender } = midway();
      const error = errorOf(() => sender.challenge(10, new Uint8Array(length), rng()));
      expect(error).toMatchObject({ name: "OtCheatError", culprit: "receiver" });
    }
    for (const length of lengths(32)) {
      const { receiver } = midway();
      const error = errorOf(() => receiver.respond(new Uint8Array(length)));
      expect(error).toMatchObject({ name: "OtCheatError", culprit: "sender" });
    }
    for (const length of lengths(otBatchBytes(parameters, 10).response)) {
      const { sender, correction } = midway();
      sender.challenge(10, correction, rng());
      expect(() => sender.verify(new Uint8Array(length))).toThrow(OtCheatError);
    }
  });

  test("in a setup: lengths and elements are checked, and name the culprit", () => {
    const { request, reply } = otSetupBytes(parameters);
    for (const length of lengths(request)) {
      const action = () => startOtReceiver(parameters, context, new Uint8Array(length), rng());
      expect(errorOf(action)).toMatchObject({ name: "OtCheatError", culprit: "sender" });
    }
    const zeros = new Uint8Array(request);
    const identity = errorOf(() => startOtReceiver(parameters, context, zeros, rng()));
    expect(identity).toMatchObject({ culprit: "sender", check: "base OT elements" });
    const { setup } = startOtSender(parameters, context, rng());
    const error = errorOf(() => setup.finish(new Uint8Array(reply)));
    expect(error).toMatchObject({ culprit: "receiver", check: "base OT elements" });
    const { setup: short } = startOtSender(parameters, context, rng());
    expect(() => short.finish(new Uint8Array(reply - 1))).toThrow(OtCheatError);
  });

  test("a failed check releases nothing, and ends the setup", () => {
    const { sender, receiver, correction, delta } = midway();
    delta.forEach((label, j) => {
      // One row of each column where Δ is not zero: certain to be caught.
      if (j >= 2 && label !== 0) correction[(j - 2) * 32 + 3]! ^= 4;
    });
    const { response } = receiver.respond(sender.challenge(10, correction, rng()));
    const error = errorOf(() => sender.verify(response));
    expect(error).toMatchObject({ culprit: "receiver", check: "consistency check" });
    expect(() => sender.verify(response)).toThrow(/destroyed/);
  });

  test("of another batch do not pass", () => {
    const { sender, receiver, correction } = midway();
    const challenge = sender.challenge(10, correction, rng());
    const { response } = receiver.respond(challenge);
    sender.verify(response);
    sender.challenge(10, correction, rng()); // replayed: the streams have moved on
    const again = receiver.extend(10);
    expect(again).not.toEqual(correction);
    expect(() => sender.verify(receiver.respond(challenge).response)).toThrow(OtCheatError);
  });
});

describe("parameters and contexts", () => {
  const impossible = [
    { choices: 3, padBits: 16 },
    { choices: 16, padBits: 32 },
    { choices: 16, padBits: 16, fieldBits: 3 },
    { choices: "toString", padBits: 16 },
  ] as unknown as OtParameters[];

  test.each(impossible)("%o is refused", (wrong) => {
    expect(() => startOtSender(wrong, context, rng())).toThrow(OtUsageError);
    expect(() => startOtReceiver(wrong, context, new Uint8Array(0), rng())).toThrow(OtUsageError);
    expect(() => otSetupBytes(wrong)).toThrow(OtUsageError);
  });

  test("a context is needed, and bounded", () => {
    expect(() => startOtSender(parameters, new Uint8Array(0), rng())).toThrow(OtUsageError);
    expect(() => startOtSender(parameters, new Uint8Array(4097), rng())).toThrow(OtUsageError);
  });
});

describe("wiping", () => {
  const build = () => {
    const { plan, session, sender, receiver } = dealStreams(parameters, context, rng());
    return {
      delta: sender.delta,
      sender: new OtSender(plan, session, sender),
      receiver: new OtReceiver(plan, session, receiver),
    };
  };
  const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

  test("destroy overwrites Delta", () => {
    const { delta, sender } = build();
    expect(isZero(delta)).toBe(false);
    sender.destroy();
    expect(isZero(delta)).toBe(true);
  });

  test("so does a failed check, and any error", () => {
    const caught = build();
    caught.sender.challenge(10, caught.receiver.extend(10), rng());
    const { response } = otBatchBytes(parameters, 10);
    expect(() => caught.sender.verify(new Uint8Array(response))).toThrow(OtCheatError);
    expect(isZero(caught.delta)).toBe(true);
    const misused = build();
    expect(() => misused.sender.verify(new Uint8Array(response))).toThrow(OtUsageError);
    expect(isZero(misused.delta)).toBe(true);
  });
});

describe("secrets do not print", () => {
  test("however they are formatted", () => {
    const { sender, receiver, delta } = deal();
    const { setup } = startOtSender(parameters, context, rng());
    const { response, batch } = receiver.respond(sender.challenge(10, receiver.extend(10), rng()));
    const sent = sender.verify(response);
    const options = { showHidden: true, depth: 9, getters: true };
    for (const secret of [sender, receiver, setup, batch, sent]) {
      const prints = [inspect(secret, options), `${secret}`, JSON.stringify({ secret })];
      for (const print of prints) expect(print).toMatch(/\[Ot\w+: secret\]/);
      expect(Object.keys(secret)).toEqual([]);
    }
    expect(inspect(sender, options)).not.toContain(String(delta[0]));
  });

  test("batches can be wiped", () => {
    const { sender, receiver } = deal();
    const correction = receiver.extend(10);
    const { response, batch } = receiver.respond(sender.challenge(10, correction, rng()));
    const sent = sender.verify(response);
    batch.destroy();
    sent.destroy();
    for (const words of [batch.pads, batch.choices, sent.pads]) {
      expect(words.every((word) => word === 0)).toBe(true);
    }
  });
});
