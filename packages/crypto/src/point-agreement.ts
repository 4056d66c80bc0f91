/**
 * Whether two engines agree, one sample for each operation: a machine, or a compiler, that gets the
 * kernel wrong is found at the start, before a key has met it. Some milliseconds.
 */
import { createHash } from "node:crypto";
import type { PointEngine } from "./point-engine.ts";

/** One whole quad and a part of one. */
const POINTS = 5;
const POINT_BYTES = 32;

/** True when both give the same bytes for every operation. */
export function agree(a: PointEngine, b: PointEngine): boolean {
  const points = b.multiplyBase(scalars(1));
  return operations(points).every((operate) => Buffer.compare(operate(a), operate(b)) === 0);
}

function operations(points: Uint8Array): ((engine: PointEngine) => Uint8Array)[] {
  const others = points.slice().reverse(); // hardly any of them an encoding of a point
  const [factors, more] = [scalars(2), scalars(3)];
  const uniform = Buffer.concat([hashes(4), hashes(5)]);
  const key = points.subarray(0, POINT_BYTES);
  const sums = [
    { scalars: factors, points },
    { scalars: factors.subarray(0, POINT_BYTES), points: key },
  ];
  const long = repeated(points, POINTS);
  // What is no encoding gives zeros, and leaves its neighbours in a quad alone.
  const spoilt = points.slice();
  spoilt.fill(255, POINT_BYTES, 2 * POINT_BYTES);
  return [
    (engine) => engine.areCanonical(Buffer.concat([points, others])),
    (engine) => engine.multiplyOne(factors.subarray(0, POINT_BYTES), points),
    (engine) => engine.multiplyEach(factors, points),
    (engine) => engine.multiplyBase(factors),
    (engine) => engine.add(points, engine.multiplyBase(more)),
    (engine) => engine.subtract(points, engine.multiplyBase(more)),
    (engine) => engine.subtract(points, points), // the identity
    (engine) => engine.add(points, spoilt),
    (engine) => engine.multiplyOne(factors.subarray(0, POINT_BYTES), spoilt.subarray(0, 64)),
    (engine) => engine.fromUniform(uniform),
    (engine) => engine.blind(uniform, factors),
    (engine) => engine.unblind(points, engine.multiplyBase(more), factors, key),
    (engine) => engine.sums(sums),
    (engine) => engine.sums([{ scalars: repeated(factors, POINTS), points: long }]),
  ];
}

/** Uniform enough, below the order, and the same every time. */
function scalars(seed: number): Uint8Array {
  const all = hashes(seed);
  for (let last = POINT_BYTES - 1; last < all.length; last += POINT_BYTES)
    all[last] = (all[last] as number) & 0x0f;
  return all;
}

function hashes(seed: number): Uint8Array {
  const each = Array.from({ length: POINTS }, (_, i) =>
    createHash("sha256").update(Uint8Array.of(seed, i)).digest(),
  );
  return Buffer.concat(each);
}

function repeated(list: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => list));
}
