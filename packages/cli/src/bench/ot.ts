import { type OtParameters, osRng, startOtReceiver, startOtSender } from "@moiety/crypto";
import { randomOt } from "@moiety/protocols";
import type { BenchSetting, Measured } from "./bench.ts";
import { type Figures, medianFigures } from "./figures.ts";

const BATCH = 1 << 14;
const BATCHES = 64;
const WARM_UP = 8;
const PARAMETERS: OtParameters = randomOt.OT_PARAMETERS;

/** Both sides in this process, one after the other; setup is not counted. */
export async function obliviousTransfers({
  runs,
  items,
  signal,
  say,
}: BenchSetting): Promise<Measured> {
  const batches = items === undefined ? BATCHES : Math.ceil(items / BATCH);
  const measured: Figures[] = [];
  for (let run = 1; run <= runs; run += 1) {
    say(`run ${run} of ${runs}: ${batches} batches of ${BATCH}`);
    signal.throwIfAborted();
    measured.push(await extend(batches, signal));
  }
  return {
    parameters: { choices: 16, batch: BATCH, batches, runs },
    figures: medianFigures(measured),
  };
}

async function extend(batches: number, signal: AbortSignal): Promise<Figures> {
  // The same context on both sides, as a session would give it.
  const context = osRng.bytes(32);
  const starting = startOtSender(PARAMETERS, context, osRng);
  const { receiver, message } = startOtReceiver(PARAMETERS, context, starting.message, osRng);
  const sender = starting.setup.finish(message);
  const spent = { sender: 0, receiver: 0 };
  const bytes = { sender: 0, receiver: 0 };
  let wall = 0;
  const timed = <T>(side: "sender" | "receiver", step: () => T): T => {
    const started = process.cpuUsage();
    const at = performance.now();
    const result = step();
    wall += performance.now() - at;
    const { user, system } = process.cpuUsage(started);
    spent[side] += user + system;
    return result;
  };
  for (let batch = -WARM_UP; batch < batches; batch += 1) {
    if (batch === 0) {
      Object.assign(spent, { sender: 0, receiver: 0 });
      Object.assign(bytes, { sender: 0, receiver: 0 });
      wall = 0;
    }
    const columns = timed("receiver", () => receiver.extend(BATCH));
    const seed = timed("sender", () => sender.challenge(BATCH, columns, osRng));
    const { response } = timed("receiver", () => receiver.respond(seed));
    timed("sender", () => sender.verify(response));
    bytes.receiver += columns.length + response.length;
    bytes.sender += seed.length;
    // Lets an interruption be heard, and collected memory go.
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }
  sender.destroy();
  receiver.destroy();
  const items = batches * BATCH;
  return {
    perSecond: items / (wall / 1000),
    cpuMicros: { sender: spent.sender / items, receiver: spent.receiver / items },
    bytes: { sender: bytes.sender / items, receiver: bytes.receiver / items },
    perSecondPerCore: (items / (spent.sender + spent.receiver)) * 1e6,
  };
}
