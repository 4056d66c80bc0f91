/**
 * Whether an engine gives known answers: a machine, or a compiler, that gets the kernel wrong is found at
 * the start, before a secret has met it. Some 2 ms, most of it what an engine's first run costs; once more takes 0.6.
 */
import { createHash } from "node:crypto";
import { sampleBytes } from "../sample-bytes.ts";
import type { PadEngine } from "./engine.ts";
import { bytesOf, wordsOf } from "./loops.ts";
import { OT_BATCH_LIMIT, type OtParameters, otPlan } from "./parameters.ts";

/** A batch of `rows` rows, the last of them by a second call. */
interface Batch {
  readonly parameters: OtParameters;
  readonly perRow: number;
  readonly rows: number;
}

/**
 * Lookups, both sides; and the other code with whole blocks for pads, whose last row is one of a second
 * block of 128.
 */
const BATCHES: readonly Batch[] = [
  { parameters: { choices: 16, padBits: 16 }, perRow: 16, rows: 9 },
  { parameters: { choices: 16, padBits: 16 }, perRow: 1, rows: 21 },
  { parameters: { choices: 2, padBits: 128 }, perRow: 2, rows: 129 },
];
/** Of a column of one block of 128 rows. */
const BLOCK_WORDS = 4;

/** SHA-256 of all answers, by the plain engine: a test says when it has to change. */
const KNOWN = "8ce613ea14014c195b1f1c8b44e7c5725a0cccd091505d43363d53ae08cf3912";

/** True when every operation gives the bytes that it should. */
export function padSelfTest(engine: PadEngine): boolean {
  const hash = createHash("sha256");
  try {
    for (const operate of operations) hash.update(operate(engine));
  } catch {
    return false; // a trap in the kernel
  }
  return hash.digest("hex") === KNOWN;
}

const operations: readonly ((engine: PadEngine) => Uint8Array)[] = [
  sums,
  (engine) => engine.gatherChoices(words(1, 4 * BLOCK_WORDS), BLOCK_WORDS, 35),
  ...BATCHES.map((batch) => (engine: PadEngine) => padsOf(engine, batch)),
];

function sums(engine: PadEngine): Uint8Array {
  const terms = Array.from({ length: 5 }, (_, i) => sampleBytes(7 + i, BLOCK_WORDS * 4));
  const target = new Uint32Array(4 * BLOCK_WORDS);
  const by = engine.sums(BLOCK_WORDS);
  try {
    by.sum(target, 0, terms.slice(0, 1));
    by.sum(target, BLOCK_WORDS, terms);
    // The column is added to the second plane, and not to the first.
    const parts = [terms.slice(1), terms.slice(3)];
    by.sumPlanes(target, 2 * BLOCK_WORDS, parts, 2, bytesOf(words(2, BLOCK_WORDS)));
  } finally {
    by.end();
  }
  return bytesOf(target);
}

/** What the cipher would get, and the pads that come of it: what it gives is made up. */
function padsOf(engine: PadEngine, { parameters, perRow, rows }: Batch): Uint8Array {
  const plan = otPlan(parameters);
  const columnWords = Math.ceil(rows / 128) * BLOCK_WORDS;
  const run = engine.begin({
    plan,
    planes: words(3, plan.columns * plan.fieldBits * columnWords),
    words: columnWords,
    offsets: words(4, 4 * perRow),
    powers: words(5, 4 * (Math.log2(OT_BATCH_LIMIT) + 1)),
    count: rows,
  });
  try {
    const answers: Uint8Array[] = [];
    for (const [from, to] of [
      [0, rows - 1],
      [rows - 1, rows],
    ] as const) {
      const asked = run.inputs(from, to).slice();
      answers.push(asked);
      run.absorb(sampleBytes(6, asked.length));
    }
    const pads = run.pads();
    answers.push(new Uint8Array(pads.buffer, pads.byteOffset, pads.byteLength));
    return Buffer.concat(answers);
  } finally {
    run.end();
  }
}

function words(seed: number, count: number): Uint32Array {
  return wordsOf(sampleBytes(seed, 4 * count));
}
