/**
 * All-but-one OT of q = 2^k leaves from k base OTs: a puncturable PRF in the manner of Goldreich,
 * Goldwasser and Micali, with the consistency check of Roy, *SoftSpokenOT* (CRYPTO 2022). The PPRF
 * sender knows every leaf of a column; the PPRF receiver every leaf but the one at its point δ.
 *
 * The sender sends, per level below the first, the sums of all left and of all right children, each
 * under one key of a base OT, of which the receiver can open only the sum beside its path. Nothing
 * so far forces the two sums to fit one tree; the check does: each leaf expands to a stream key and
 * a 32-byte tag, and the sender commits to all tags by their sum and their hash. The receiver works
 * out the missing tag from the sum and compares the hash. Sums that fit no tree pass only for some
 * values of δ: a malicious sender's guess at bits of δ, at the risk of being caught.
 *
 * Points are walked from their top bit; at level i the receiver's base OT choice is the opposite of
 * bit k−1−i of δ.
 */
import { constantTimeEqual } from "../digest.ts";
import { type OtPlan, PPRF_CHECK_BYTES, pprfMessageBytes, SEED_BYTES } from "./parameters.ts";
import { derive, indexBytes, type OtSession } from "./session.ts";

/** A leaf's stream: an AES key and an initial counter block, 16 bytes each. */
export const LEAF_BYTES: number = 32;

/** Base OT choice bits, one per byte, k per column, for the points `delta` (one per column). */
export function pprfChoices(plan: OtPlan, delta: Uint8Array): Uint8Array {
  const { columns, fieldBits } = plan;
  return Uint8Array.from({ length: columns * fieldBits }, (_, instance) => {
    const level = instance % fieldBits;
    return 1 - pathBit(fieldBits, delta[Math.floor(instance / fieldBits)]!, level);
  });
}

/**
 * One column at the sender: from both base OT keys of each level (`keys[(level·2 + side)·16 ..]`)
 * all `leaves` (q × 32 bytes), and the message for the receiver.
 */
export function pprfSend(
  session: OtSession,
  plan: OtPlan,
  column: number,
  keys: Uint8Array,
): { leaves: Uint8Array; message: Uint8Array } {
  const message = new Uint8Array(pprfMessageBytes(plan));
  let nodes = keys.slice(0, 2 * SEED_BYTES);
  for (let level = 1; level < plan.fieldBits; level++) {
    nodes = expandNodes(session, column, level, nodes);
    const keysOffset = level * 2 * SEED_BYTES;
    const sums = message.subarray(keysOffset - 2 * SEED_BYTES, keysOffset);
    sums.set(keys.subarray(keysOffset, keysOffset + 2 * SEED_BYTES));
    xorEvery(sums, nodes);
  }
  const { leaves, tags } = expandLeaves(session, column, nodes);
  const checks = message.subarray(message.length - 2 * PPRF_CHECK_BYTES);
  xorEvery(checks.subarray(0, PPRF_CHECK_BYTES), tags);
  checks.set(hashTags(session, column, tags), PPRF_CHECK_BYTES);
  return { leaves, message };
}

/**
 * One column at the receiver, who holds one base OT key per level and the point `delta`: every leaf
 * but that at `delta`, which is left zero, and whether the check passed. The caller must treat all
 * columns before it acts on a failure.
 */
export function pprfReceive(
  session: OtSession,
  plan: OtPlan,
  column: number,
  delta: number,
  keys: Uint8Array,
  message: Uint8Array,
): { leaves: Uint8Array; consistent: boolean } {
  const { fieldBits } = plan;
  let nodes = new Uint8Array(2 * SEED_BYTES);
  nodes.set(keys.subarray(0, SEED_BYTES), siblingOf(fieldBits, delta, 0) * SEED_BYTES);
  for (let level = 1; level < fieldBits; level++) {
    // The node on the path is unknown: its children are computed from zeros, then blanked.
    nodes = expandNodes(session, column, level, nodes);
    const path = delta >> (fieldBits - 1 - level);
    nodes.fill(0, (path & ~1) * SEED_BYTES, (path | 1) * SEED_BYTES + SEED_BYTES);
    const side = (path & 1) ^ 1;
    const sibling = keys.slice(level * SEED_BYTES, (level + 1) * SEED_BYTES);
    const sumOffset = ((level - 1) * 2 + side) * SEED_BYTES;
    xorInto(sibling, message.subarray(sumOffset, sumOffset + SEED_BYTES));
    for (let node = side; node * SEED_BYTES < nodes.length; node += 2) {
      xorInto(sibling, nodes.subarray(node * SEED_BYTES, (node + 1) * SEED_BYTES));
    }
    nodes.set(sibling, siblingOf(fieldBits, delta, level) * SEED_BYTES);
  }
  const { leaves, tags } = expandLeaves(session, column, nodes);
  leaves.fill(0, delta * LEAF_BYTES, (delta + 1) * LEAF_BYTES);
  const missing = tags.subarray(delta * PPRF_CHECK_BYTES, (delta + 1) * PPRF_CHECK_BYTES);
  missing.fill(0);
  const checks = message.subarray(message.length - 2 * PPRF_CHECK_BYTES);
  // A copy, also of a Buffer: the message is the caller's.
  const sum = new Uint8Array(checks.subarray(0, PPRF_CHECK_BYTES));
  xorEvery(sum, tags);
  missing.set(sum);
  const expected = checks.subarray(PPRF_CHECK_BYTES);
  return { leaves, consistent: constantTimeEqual(hashTags(session, column, tags), expected) };
}

function pathBit(fieldBits: number, delta: number, level: number): number {
  return (delta >> (fieldBits - 1 - level)) & 1;
}

/** The node beside the path at `level`, counted from 0 (two nodes) to k − 1 (q leaves). */
function siblingOf(fieldBits: number, delta: number, level: number): number {
  return (delta >> (fieldBits - 1 - level)) ^ 1;
}

function expandNodes(
  session: OtSession,
  column: number,
  level: number,
  nodes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const children = new Uint8Array(nodes.length * 2);
  for (let node = 0; node * SEED_BYTES < nodes.length; node++) {
    const seed = nodes.subarray(node * SEED_BYTES, (node + 1) * SEED_BYTES);
    const position = [indexBytes(column), indexBytes(level), indexBytes(node)];
    const pair = derive(session, "tree node", ...position, seed).subarray(0, 2 * SEED_BYTES);
    children.set(pair, node * 2 * SEED_BYTES);
  }
  return children;
}

function expandLeaves(
  session: OtSession,
  column: number,
  nodes: Uint8Array,
): { leaves: Uint8Array; tags: Uint8Array } {
  const count = nodes.length / SEED_BYTES;
  const leaves = new Uint8Array(count * LEAF_BYTES);
  const tags = new Uint8Array(count * PPRF_CHECK_BYTES);
  for (let leaf = 0; leaf < count; leaf++) {
    const seed = nodes.subarray(leaf * SEED_BYTES, (leaf + 1) * SEED_BYTES);
    const expanded = derive(session, "leaf", indexBytes(column), indexBytes(leaf), seed);
    leaves.set(expanded.subarray(0, LEAF_BYTES), leaf * LEAF_BYTES);
    tags.set(expanded.subarray(LEAF_BYTES), leaf * PPRF_CHECK_BYTES);
  }
  return { leaves, tags };
}

function hashTags(session: OtSession, column: number, tags: Uint8Array): Uint8Array {
  return derive(session, "leaf tags", indexBytes(column), tags).subarray(0, PPRF_CHECK_BYTES);
}

/** Adds every `sum.length`-byte piece of `pieces` to `sum`. */
function xorEvery(sum: Uint8Array, pieces: Uint8Array): void {
  for (let i = 0; i < pieces.length; i++) sum[i % sum.length]! ^= pieces[i]!;
}

function xorInto(target: Uint8Array, source: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i]! ^= source[i]!;
}
