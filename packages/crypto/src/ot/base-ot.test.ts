import { describe, expect, test } from "vitest";
import { EncodingError } from "../encoding-error.ts";
import {
  add,
  elementFromUniform,
  multiply,
  multiplyBase,
  parseElement,
  randomScalar,
  subtract,
} from "../ristretto.ts";
import { seededRng } from "../rng.ts";
import { answerBaseOts, chooseBaseOts, finishBaseOts } from "./base-ot.ts";
import { otPlan } from "./parameters.ts";
import { derive, indexBytes, type OtSession, otSession } from "./session.ts";

const plan = otPlan({ choices: 16, padBits: 16 });
const session = otSession(plan, new TextEncoder().encode("base OT test"));
const COUNT = 16;
const choices = Uint8Array.from({ length: COUNT }, (_, i) => (0b1011001110001011 >> i) & 1);

function run(senderSession: OtSession = session, receiverSession: OtSession = session) {
  const state = chooseBaseOts(receiverSession, choices, seededRng("receiver"));
  const message = state.message.slice();
  const answer = answerBaseOts(senderSession, COUNT, message, seededRng("sender"));
  const chosen = finishBaseOts(receiverSession, state, answer.element);
  return { message, answer, chosen };
}

function key(keys: Uint8Array, index: number): string {
  return Buffer.from(keys.subarray(index * 16, index * 16 + 16)).toString("hex");
}

describe("base OTs", () => {
  test("the receiver gets the chosen key of each instance, and all keys differ", () => {
    const { answer, chosen } = run();
    for (let i = 0; i < COUNT; i++) {
      expect(key(chosen, i)).toBe(key(answer.keys, 2 * i + choices[i]!));
    }
    const all = Array.from({ length: 2 * COUNT }, (_, i) => key(answer.keys, i));
    expect(new Set(all).size).toBe(2 * COUNT);
  });

  test("the choice does not show in which element is canonical, and messages are fresh", () => {
    const first = chooseBaseOts(session, choices, seededRng("a")).message;
    const flipped = choices.map((choice) => 1 - choice);
    const second = chooseBaseOts(session, flipped, seededRng("a")).message;
    // The same random element, at the other place: everything else follows from hashing it.
    for (let i = 0; i < COUNT; i++) {
      const other = (message: Uint8Array, place: number) =>
        Buffer.from(message.subarray((2 * i + place) * 32, (2 * i + place + 1) * 32));
      expect(other(first, 1 - choices[i]!)).toEqual(other(second, choices[i]!));
      expect(other(first, choices[i]!)).not.toEqual(other(second, 1 - choices[i]!));
    }
  });

  test("keys are bound to the session", () => {
    const elsewhere = otSession(plan, new TextEncoder().encode("another session"));
    const same = run();
    const mixed = run(session, elsewhere);
    expect(mixed.message).not.toEqual(same.message);
    for (let i = 0; i < COUNT; i++) {
      expect(key(mixed.chosen, i)).not.toBe(key(mixed.answer.keys, 2 * i + choices[i]!));
    }
  });

  test("each key is derived from instance, branch, both elements, B and the shared element", () => {
    const { message, answer } = run();
    const secret = randomScalar(seededRng("sender"));
    expect(answer.element).toEqual(multiplyBase(secret));
    for (const instance of [0, 1, COUNT - 1]) {
      const pair = message.subarray(instance * 64, instance * 64 + 64);
      for (const branch of [0, 1]) {
        const tag = [indexBytes(instance), indexBytes(branch)];
        const [own, other] = [branch, 1 - branch].map((b) => pair.subarray(b * 32, b * 32 + 32));
        const mask = elementFromUniform(derive(session, "base mask", ...tag, other!));
        const shared = multiply(secret, add(parseElement(own!), mask));
        const expected = derive(session, "base key", ...tag, pair, answer.element, shared);
        expect(key(answer.keys, instance * 2 + branch)).toBe(key(expected, 0));
      }
    }
  });

  test("naive batching: instances with one shared element still have unrelated keys", () => {
    // The attack of McQuoid, Rosulek and Roy: one scalar and one r_1 for all instances, so that
    // the sender computes the same b·aG in each.
    const scalar = randomScalar(seededRng("attacker"));
    const other = elementFromUniform(seededRng("r_1").bytes(64));
    const message = new Uint8Array(COUNT * 64);
    for (let i = 0; i < COUNT; i++) {
      const tag = [indexBytes(i), indexBytes(0)];
      const mask = elementFromUniform(derive(session, "base mask", ...tag, other));
      message.set(subtract(multiplyBase(scalar), mask), i * 64);
      message.set(other, i * 64 + 32);
    }
    const { keys } = answerBaseOts(session, COUNT, message, seededRng("sender"));
    const all = Array.from({ length: 2 * COUNT }, (_, i) => key(keys, i));
    expect(new Set(all).size).toBe(2 * COUNT);
  });
});

describe("hostile elements", () => {
  const hostile: [string, (element: Uint8Array) => void][] = [
    ["the identity", (element) => element.fill(0)],
    ["a non-canonical field element", (element) => element.fill(0xff)],
    // RFC 9496 A.3: negative field element.
    ["a negative field element", (element) => element.fill(0).set([1])],
    ["no square", (element) => element.set(nonSquare)],
  ];
  // RFC 9496 A.3, non-square x^2.
  const nonSquare = Buffer.from(
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "hex",
  );

  test.each(hostile)("the sender refuses %s in any place", (_, spoil) => {
    for (const place of [0, 1, 2 * COUNT - 1]) {
      const { message } = run();
      spoil(message.subarray(place * 32, place * 32 + 32));
      expect(() => answerBaseOts(session, COUNT, message, seededRng("s"))).toThrow(EncodingError);
    }
  });

  test.each(hostile)("the receiver refuses %s", (_, spoil) => {
    const state = chooseBaseOts(session, choices, seededRng("receiver"));
    const element = new Uint8Array(run().answer.element);
    spoil(element);
    expect(() => finishBaseOts(session, state, element)).toThrow(EncodingError);
  });
});
