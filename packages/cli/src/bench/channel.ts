/** One channel between two processes over a WebSocket in TLS, without anything above it. */
import { spawn } from "node:child_process";
import type { Channel } from "@moiety/kit";
import { dial } from "@moiety/transport";
import { COMMAND_FILE } from "../local-nodes.ts";
import type { BenchSetting, Measured } from "./bench.ts";
import { type EchoOrder, PEER, SELF, UPLOAD } from "./channel-peer.ts";
import { type Figures, medianFigures, percentile } from "./figures.ts";
import { answerOf, bytesOf, madeIdentity } from "./peer-process.ts";

const ROUND_TRIPS = 3_000;
const WARM_UP = 500;
const SMALL_BYTES = 64;
const LARGE_BYTES = 64 << 10;
const UPLOAD_BYTES = 256 << 20;

/** Round trips and throughput of a channel, without anything above it. */
export async function channelFrames(setting: BenchSetting): Promise<Measured> {
  const { runs, signal, say } = setting;
  const trips = setting.items ?? ROUND_TRIPS;
  const own = await madeIdentity();
  const theirs = await madeIdentity();
  const child = spawn(process.execPath, [COMMAND_FILE, "bench", "--channel-peer"], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  setting.onEnd(async () => {
    child.kill();
  });
  const order: EchoOrder = { ...theirs, peer: own.certificate };
  child.send(order);
  const { port } = await answerOf<{ port: number }>(child);
  const link = await dial({
    identity: { name: SELF, certificate: bytesOf(own.certificate), privateKey: own.privateKey },
    peer: { name: PEER, certificate: bytesOf(theirs.certificate) },
    address: { host: "127.0.0.1", port },
    signal,
  });
  const measured: Figures[] = [];
  try {
    for (let run = 1; run <= runs; run += 1) {
      say(`run ${run} of ${runs}: ${trips} round trips, then ${UPLOAD_BYTES >> 20} MiB`);
      const roundTrips = await echoes(link.open(new Uint8Array()), trips, signal);
      const megabytes = await upload(link.open(UPLOAD), signal);
      measured.push({
        roundTripMicros: percentile(roundTrips, 50),
        p50Ms: percentile(roundTrips, 50) / 1000,
        p99Ms: percentile(roundTrips, 99) / 1000,
        megabytesPerSecond: megabytes,
      });
    }
  } finally {
    link.close();
  }
  return {
    parameters: { smallBytes: SMALL_BYTES, largeBytes: LARGE_BYTES, trips, runs },
    figures: medianFigures(measured),
  };
}

/** Microseconds of each. */
async function echoes(channel: Channel, trips: number, signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  for (let trip = -WARM_UP; trip < trips; trip += 1) {
    signal.throwIfAborted();
    const started = performance.now();
    await channel.send(new Uint8Array(SMALL_BYTES));
    await channel.receive();
    if (trip >= 0) times.push((performance.now() - started) * 1000);
  }
  channel.close();
  return times;
}

/** Megabytes (10^6 bytes) a second until the peer has read the last. */
async function upload(channel: Channel, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  for (let sent = 0; sent < UPLOAD_BYTES; sent += LARGE_BYTES) {
    signal.throwIfAborted();
    await channel.send(new Uint8Array(LARGE_BYTES));
  }
  await channel.send(new Uint8Array(1));
  await channel.receive();
  const seconds = (performance.now() - started) / 1000;
  channel.close();
  return UPLOAD_BYTES / seconds / 1e6;
}
