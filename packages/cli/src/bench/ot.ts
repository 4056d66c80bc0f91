import { createCipheriv } from "node:crypto";
import { MessageChannel } from "node:worker_threads";
import { type OtParameters, osRng, startOtReceiver, startOtSender } from "@moiety/crypto";
import { uncheckedOt } from "@moiety/crypto/unchecked-ot";
import { randomOt } from "@moiety/protocols";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, median, medianFigures } from "./figures.ts";

/** OTs of a batch, where nobody waits for the event loop. */
const BATCH = 1 << 17;
/** OTs of a run, and of a run of what is measured besides. */
const ITEMS = 1 << 21;
const BESIDES = 1 << 20;
const WARM_UP = 4;
/** Sizes of batches to compare, as powers of two. */
const SIZES = [13, 14, 15, 16, 17, 18];
const PARAMETERS: OtParameters = randomOt.OT_PARAMETERS;

/** A side's step: how long it took is put down to it. */
type Timed = <T>(side: "sender" | "receiver", step: () => T) => T;

/** One batch, both sides; what each sent, in bytes. */
type Batch = (count: number, timed: Timed) => { sender: number; receiver: number };

/** Both sides in this process, one after the other; setup is not counted. */
export async function obliviousTransfers(setting: BenchSetting): Promise<Measured> {
  const { runs, items = ITEMS, signal, say } = setting;
  const batches = Math.ceil(items / BATCH);
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: ${batches} batches of ${BATCH}, checked and unchecked`);
    // In turn, so that a machine that becomes slower does so for both.
    const checked = await extend(checkedOt(PARAMETERS), BATCH, batches, signal);
    const unchecked = await extend(uncheckedBatches(), BATCH, batches, signal);
    measured.push({ ...checked, uncheckedPerSecondPerCore: perCore(unchecked) });
  }
  const others = Math.min(items, BESIDES);
  const byField: Record<string, number> = {};
  for (const fieldBits of [1, 2, 4] as const) {
    say(`${others} with k = ${fieldBits}`);
    const batch = checkedOt({ ...PARAMETERS, fieldBits });
    byField[`k=${fieldBits}`] = await besides(batch, BATCH, others, runs, signal);
  }
  const byBatch: Record<string, number> = {};
  for (const size of SIZES) {
    say(`${others} in batches of 2^${size}`);
    byBatch[`2^${size}`] = await besides(checkedOt(PARAMETERS), 2 ** size, others, runs, signal);
  }
  return {
    parameters: { choices: 16, batch: BATCH, batches, runs },
    figures: {
      ...medianFigures(measured),
      perSecondPerCoreByField: byField,
      perSecondPerCoreByBatch: byBatch,
      aesGigabytesPerSecond: await aesSpeed(),
    },
  };
}

/** What nodes do. */
function checkedOt(parameters: OtParameters): Batch {
  // The same context on both sides, as a session would give it.
  const context = osRng.bytes(32);
  const starting = startOtSender(parameters, context, osRng);
  const { receiver, message } = startOtReceiver(parameters, context, starting.message, osRng);
  const sender = starting.setup.finish(message);
  return (count, timed) => {
    const columns = timed("receiver", () => receiver.extend(count));
    const seed = timed("sender", () => sender.challenge(count, columns, osRng));
    const { response } = timed("receiver", () => receiver.respond(seed));
    timed("sender", () => sender.verify(response));
    return { sender: seed.length, receiver: columns.length + response.length };
  };
}

/** The same without the check: never what a node does. */
function uncheckedBatches(): Batch {
  const { sender, receiver } = uncheckedOt(PARAMETERS, osRng);
  return (count, timed) => {
    const { correction } = timed("receiver", () => receiver.extend(count));
    timed("sender", () => sender.take(count, correction));
    return { sender: 0, receiver: correction.length };
  };
}

async function extend(
  batch: Batch,
  count: number,
  batches: number,
  signal: AbortSignal,
): Promise<Figures & { readonly cpuMicros: { sender: number; receiver: number } }> {
  const spent = { sender: 0, receiver: 0 };
  const bytes = { sender: 0, receiver: 0 };
  let wall = 0;
  const timed: Timed = (side, step) => {
    const started = process.cpuUsage();
    const at = performance.now();
    const result = step();
    wall += performance.now() - at;
    const { user, system } = process.cpuUsage(started);
    spent[side] += user + system;
    return result;
  };
  for (let n = -WARM_UP; n < batches; n += 1) {
    if (n === 0) {
      Object.assign(spent, { sender: 0, receiver: 0 });
      Object.assign(bytes, { sender: 0, receiver: 0 });
      wall = 0;
    }
    const sent = batch(count, timed);
    bytes.sender += sent.sender;
    bytes.receiver += sent.receiver;
    // Lets an interruption be heard, and collected memory go.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  const items = batches * count;
  const cpuMicros = { sender: spent.sender / items, receiver: spent.receiver / items };
  return {
    perSecond: items / (wall / 1000),
    cpuMicros,
    bytes: { sender: bytes.sender / items, receiver: bytes.receiver / items },
    perSecondPerCore: perCore({ cpuMicros }),
  };
}

/** OTs a second and core, both sides together: the median over `runs`. */
async function besides(
  batch: Batch,
  count: number,
  items: number,
  runs: number,
  signal: AbortSignal,
): Promise<number> {
  const all: number[] = [];
  for (let run = 0; run < runs; run += 1)
    all.push(perCore(await extend(batch, count, Math.ceil(items / count), signal)));
  return Math.round(median(all));
}

function perCore({ cpuMicros }: { cpuMicros: { sender: number; receiver: number } }): number {
  return 1e6 / (cpuMicros.sender + cpuMicros.receiver);
}

/**
 * What all this is limited by: AES-128 by node:crypto, in GB per second of CPU time, 64 KiB at a time,
 * whose results are freed at once (see crypto/src/ot/release.ts).
 */
async function aesSpeed(): Promise<number> {
  const { port1: nowhere, port2: other } = new MessageChannel();
  other.close();
  await new Promise((resolve) => setImmediate(resolve));
  const [block, calls] = [new Uint8Array(65_536), 256];
  const cipher = createCipheriv("aes-128-ecb", osRng.bytes(16), null).setAutoPadding(false);
  const speeds = Array.from({ length: 16 }, () => {
    const started = process.cpuUsage();
    for (let call = 0; call < calls; call += 1)
      nowhere.postMessage(undefined, [cipher.update(block).buffer as ArrayBuffer]);
    const { user, system } = process.cpuUsage(started);
    return (calls * block.length) / (user + system) / 1000;
  });
  nowhere.close();
  return Number(median(speeds).toPrecision(3));
}
