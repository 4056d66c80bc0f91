/**
 * CPU microseconds per group operation, the kernel against libsodium, in one run. Medians over runs;
 * engines take turns, so that a machine that becomes slower does so for both.
 */
import { createHash } from "node:crypto";
import type { PointEngine } from "../src/point-engine.ts";
import { loadKernelEngine } from "../src/point-kernel.ts";
import { libsodiumEngine } from "../src/point-libsodium.ts";
import { scalarFromUniform } from "../src/ristretto.ts";

/** CPU µs per element, by engine; undefined where there is no kernel. */
export interface PointFigure {
  readonly operation: string;
  readonly batch: number;
  readonly libsodium: number;
  readonly kernel: number | undefined;
}

const RUNS = 9;

interface Operands {
  readonly uniform: Uint8Array;
  readonly points: Uint8Array;
  readonly others: Uint8Array;
  readonly scalars: Uint8Array;
  readonly weights: Uint8Array;
}

const OPERATIONS: Readonly<Record<string, (engine: PointEngine, on: Operands) => unknown>> = {
  "decode and check": (engine, { points }) => engine.areCanonical(points),
  add: (engine, { points, others }) => engine.add(points, others),
  multiply: (engine, { scalars, points }) => engine.multiplyEach(scalars, points),
  "multiply the base": (engine, { scalars }) => engine.multiplyBase(scalars),
  "map to an element": (engine, { uniform }) => engine.fromUniform(uniform),
  "map and blind": (engine, { uniform, scalars }) => engine.blind(uniform, scalars),
  "add and unblind": (engine, { points, others, scalars }) =>
    engine.unblind(points, others, scalars, points.subarray(0, 32)),
  "sum of products, 128 bits": (engine, { weights, points }) =>
    engine.sums([{ scalars: weights, points }]),
  "sum of products": (engine, { scalars, points }) => engine.sums([{ scalars, points }]),
};

/** Measures every operation in batches of these sizes. */
export function measurePoints(batches: readonly number[]): PointFigure[] {
  const kernel = loadKernelEngine();
  return batches.flatMap((batch) => {
    const on = operands(batch);
    return Object.entries(OPERATIONS).map(([operation, run]) => {
      const repeats = Math.max(1, Math.round(48 / batch));
      const times = (engine: PointEngine | undefined) =>
        engine && cpuMicros(() => run(engine, on), repeats) / batch;
      times(libsodiumEngine);
      times(kernel); // warm
      const pairs = Array.from({ length: RUNS }, () => [times(libsodiumEngine), times(kernel)]);
      const of = (which: 0 | 1) => median(pairs.map((pair) => pair[which] ?? Number.NaN));
      return { operation, batch, libsodium: of(0), kernel: kernel && of(1) };
    });
  });
}

function operands(count: number): Operands {
  const list = (name: string, make: (bytes: Uint8Array) => Uint8Array) =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) =>
        make(createHash("sha512").update(`${name} ${i}`).digest()),
      ),
    );
  const uniform = list("point", (bytes) => bytes);
  const weight = (bytes: Uint8Array) => Buffer.concat([bytes.subarray(0, 16), Buffer.alloc(16)]);
  return {
    uniform,
    points: libsodiumEngine.fromUniform(uniform),
    others: libsodiumEngine.fromUniform(list("other", (bytes) => bytes)),
    scalars: list("scalar", scalarFromUniform),
    weights: list("weight", weight),
  };
}

function cpuMicros(run: () => unknown, repeats: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / repeats;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
