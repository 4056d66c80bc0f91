/**
 * What the two bureaus compute with each other, and nothing else: random OTs with the receiver checked,
 * and lookups on them, both at once; two processes, TLS WebSockets between them.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { COMMAND_FILE } from "../local-nodes.ts";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, medianFigures } from "./figures.ts";
import {
  FEATURES,
  indicesOf,
  type KernelDone,
  type KernelOrder,
  type KernelRun,
  tablesOf,
} from "./kernel-peer.ts";
import type { LookupSide } from "./lookup-bureau.ts";
import { answerOf, madeIdentity } from "./peer-process.ts";

const PEOPLE = 400_000;
const BLOCK = 1_000;
/** Blocks before any is counted. */
const WARM_UP = 40;
const SIDES = ["a", "b"] as const;

type Pair = Readonly<Record<LookupSide, ChildProcess>>;

export async function scoreKernel(setting: BenchSetting): Promise<Measured> {
  const { runs, seed, signal, say } = setting;
  const people = Math.min(BLOCK, setting.items ?? PEOPLE);
  const blocks = Math.ceil((setting.items ?? PEOPLE) / people);
  const pair = await started(setting);
  await compute(pair, seed, { run: 0, blocks: WARM_UP, people });
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    signal.throwIfAborted();
    say(`run ${run} of ${runs}: ${blocks} blocks of ${people} people`);
    measured.push(await compute(pair, seed, { run, blocks, people }));
  }
  const parameters = {
    kernel: true,
    features: FEATURES,
    runs,
    people: blocks * people,
    block: people,
  };
  return { parameters, figures: medianFigures(measured) };
}

/** Throws where a score is not what the scorecard gives in the clear. */
async function compute(pair: Pair, seed: string, run: KernelRun): Promise<Figures> {
  const tell = (message: object): void => {
    for (const side of SIDES) pair[side].send(message);
  };
  const ready = Promise.all(SIDES.map((side) => answerOf(pair[side])));
  tell(run);
  await ready;
  const done = Promise.all(SIDES.map((side) => answerOf<KernelDone>(pair[side])));
  tell({ go: true });
  const [a, b] = (await done) as [KernelDone, KernelDone];
  compare(seed, run, a, b);
  const items = run.blocks * run.people;
  return {
    perSecond: items / Math.max(a.seconds, b.seconds),
    cpuMicros: { "bureau-a": a.cpuMicros / items, "bureau-b": b.cpuMicros / items },
    bytes: { "bureau-a": a.bytes / items, "bureau-b": b.bytes / items },
    perSecondPerCore: (items / (a.cpuMicros + b.cpuMicros)) * 1e6,
  };
}

function compare(seed: string, run: KernelRun, a: KernelDone, b: KernelDone): void {
  const tables = SIDES.map((side) => tablesOf(seed, side)) as [Uint16Array, Uint16Array];
  const shares = [a, b].map((each) => Buffer.from(each.shares, "base64")) as [Buffer, Buffer];
  for (let block = 0; block < run.blocks; block += 1) {
    const [ofA, ofB] = SIDES.map((side) => indicesOf(seed, side, run, block)) as [
      Uint8Array,
      Uint8Array,
    ];
    for (let person = 0; person < run.people; person += 1) {
      let expected = 0;
      for (let j = 0; j < FEATURES; j += 1) {
        const l = person * FEATURES + j;
        const entry = 16 * j + (((ofA[l] as number) + (ofB[l] as number)) & 15);
        expected += (tables[0][entry] as number) + (tables[1][entry] as number);
      }
      const at = 2 * (block * run.people + person);
      const score = shares[0].readUInt16LE(at) + shares[1].readUInt16LE(at);
      if ((score & 1023) !== (expected & 1023))
        throw new Error(`block ${block}, person ${person}: another score than in the clear`);
    }
  }
}

async function started({ seed, profile, onEnd }: BenchSetting): Promise<Pair> {
  const keys = { a: await madeIdentity(), b: await madeIdentity() };
  const start = (side: LookupSide): ChildProcess => {
    const profiling =
      profile === undefined
        ? []
        : ["--cpu-prof", "--cpu-prof-dir", profile, "--cpu-prof-name", `bureau-${side}.cpuprofile`];
    const child = spawn(process.execPath, [...profiling, COMMAND_FILE, "bench", "--kernel-peer"], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    onEnd(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.disconnect(); // it ends with whoever started it
      await gone;
    });
    return child;
  };
  const pair = { a: start("a"), b: start("b") };
  const order = (side: LookupSide): Omit<KernelOrder, "port"> => {
    const peer = keys[side === "a" ? "b" : "a"].certificate;
    return { side, seed, ...keys[side], peer };
  };
  pair.b.send(order("b"));
  const { port } = await answerOf<{ port: number }>(pair.b);
  pair.a.send({ ...order("a"), port });
  await answerOf(pair.a);
  return pair;
}
