/**
 * Base OTs: Masny and Rindal, *Endemic Oblivious Transfer* (CCS 2019), on ristretto255, batched as
 * McQuoid, Rosulek and Roy prove it sound (*Batching Base Oblivious Transfers*, ASIACRYPT 2021,
 * Figure 3 with the POPF of Section 5.3): one sender's element B serves all instances, because the
 * key derivation is tagged with instance and branch (Theorem 9). Without the tag a receiver makes
 * keys of several instances equal, which breaks 1-of-N extension (their Lemma 2).
 *
 * Security is *endemic*: a corrupt party may choose its own keys, never the other's. The receiver's
 * choices are hidden unconditionally (given a random oracle); the key of the other branch rests on
 * oracle Diffie–Hellman with tags (their Definition 21). With the derivation as a random oracle that
 * is strong (gap) Diffie–Hellman, more than CDH: B serves all instances, and what is later sent under
 * the keys lets a receiver test "is Z = b·M?" for elements M of its own making.
 */
import {
  add,
  ELEMENT_BYTES,
  type Element,
  elementFromUniform,
  multiply,
  multiplyBase,
  parseElement,
  randomScalar,
  type Scalar,
  subtract,
} from "../ristretto.ts";
import type { Rng } from "../rng.ts";
import { SEED_BYTES } from "./parameters.ts";
import { derive, indexBytes, type OtSession } from "./session.ts";

/** What the base OT receiver keeps between its message and the sender's. */
export interface BaseOtChoice {
  readonly choices: Uint8Array;
  readonly scalars: readonly Scalar[];
  readonly message: Uint8Array;
}

/**
 * The receiver's message, two elements per instance: `r_{1−c}` random, `r_c = a·G − H_c(r_{1−c})`.
 * `choices` holds one bit per byte. Draws 128 bytes per instance.
 */
export function chooseBaseOts(session: OtSession, choices: Uint8Array, rng: Rng): BaseOtChoice {
  const message = new Uint8Array(choices.length * 2 * ELEMENT_BYTES);
  const scalars: Scalar[] = [];
  choices.forEach((choice, instance) => {
    const scalar = randomScalar(rng);
    const other = elementFromUniform(rng.bytes(64));
    const mask = hashBranch(session, instance, choice, other);
    const chosen = subtract(multiplyBase(scalar), mask);
    scalars.push(scalar);
    placePair(message, instance * 2 * ELEMENT_BYTES, chosen, other, choice);
  });
  return { choices, scalars, message };
}

/**
 * The sender's answer to a message of `count` instances: its element, and both 16-byte keys of each
 * instance, `keys[(instance·2 + branch)·16 ..]`. Throws an `EncodingError` for an invalid element.
 */
export function answerBaseOts(
  session: OtSession,
  count: number,
  message: Uint8Array,
  rng: Rng,
): { element: Element; keys: Uint8Array } {
  const scalar = randomScalar(rng);
  const element = multiplyBase(scalar);
  const keys = new Uint8Array(count * 2 * SEED_BYTES);
  for (let instance = 0; instance < count; instance++) {
    const pair = pairOf(message, instance);
    const elements = [0, 1].map((branch) =>
      parseElement(elementAt(pair, branch), `base OT ${instance}, element ${branch}`),
    ) as [Element, Element];
    for (const branch of [0, 1] as const) {
      const mask = hashBranch(session, instance, branch, elements[branch === 0 ? 1 : 0]);
      const shared = multiply(scalar, add(elements[branch], mask));
      const key = baseKey(session, instance, branch, pair, element, shared);
      keys.set(key, (instance * 2 + branch) * SEED_BYTES);
    }
  }
  scalar.fill(0);
  return { element, keys };
}

/**
 * The receiver's keys, one of 16 bytes per instance, and the end of its secrets. Throws an
 * `EncodingError` for an invalid element.
 */
export function finishBaseOts(
  session: OtSession,
  state: BaseOtChoice,
  senderElement: Uint8Array,
): Uint8Array {
  const element = parseElement(senderElement, "base OT sender's element");
  const keys = new Uint8Array(state.choices.length * SEED_BYTES);
  state.scalars.forEach((scalar, instance) => {
    const pair = pairOf(state.message, instance);
    const shared = multiply(scalar, element);
    const key = baseKey(session, instance, state.choices[instance]!, pair, element, shared);
    keys.set(key, instance * SEED_BYTES);
    scalar.fill(0);
  });
  return keys;
}

/** H_branch of the element of the other branch: an element of which nobody knows the logarithm. */
function hashBranch(session: OtSession, instance: number, branch: number, other: Element): Element {
  const tag = [indexBytes(instance), indexBytes(branch)];
  return elementFromUniform(derive(session, "base mask", ...tag, other));
}

/** Bound to everything both sides saw: session, instance, branch, r_0, r_1, B, shared element. */
function baseKey(
  session: OtSession,
  instance: number,
  branch: number,
  pair: Uint8Array,
  senderElement: Element,
  shared: Element,
): Uint8Array {
  const tag = [indexBytes(instance), indexBytes(branch)];
  const key = derive(session, "base key", ...tag, pair, senderElement, shared);
  return key.subarray(0, SEED_BYTES);
}

function pairOf(message: Uint8Array, instance: number): Uint8Array {
  return message.subarray(instance * 2 * ELEMENT_BYTES, (instance + 1) * 2 * ELEMENT_BYTES);
}

function elementAt(pair: Uint8Array, branch: number): Uint8Array {
  return pair.subarray(branch * ELEMENT_BYTES, (branch + 1) * ELEMENT_BYTES);
}

/**
 * Writes `chosen` at place `choice` and `other` at the other one, without branching on `choice`.
 */
function placePair(
  message: Uint8Array,
  offset: number,
  chosen: Uint8Array,
  other: Uint8Array,
  choice: number,
): void {
  for (let i = 0; i < ELEMENT_BYTES; i++) {
    const swap = (chosen[i]! ^ other[i]!) & -choice;
    message[offset + i] = chosen[i]! ^ swap;
    message[offset + ELEMENT_BYTES + i] = other[i]! ^ swap;
  }
}
