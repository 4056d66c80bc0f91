/**
 * Durable appends a second and their latency, with a journal file and one fdatasync per commit:
 * node --conditions=moiety-source --import tsx packages/ledger/bench/run.ts
 */
import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SigningKey } from "@moiety/crypto";
import { ED25519, type EntryBody, Log, type LogStore, noteSigner } from "../src/index.ts";

const CALLERS = 32;
const APPENDS_EACH = 500;
const sync = promisify(fdatasync);

/** The simplest durable store there is: what is put is appended to a file, and read from memory. */
function journal(file: number): LogStore {
  const values = new Map<string, Uint8Array>();
  let staged: [string, Uint8Array][] = [];
  return {
    get: (key) => values.get(Buffer.from(key).toString("latin1")),
    put: (key, value) => staged.push([Buffer.from(key).toString("latin1"), value]),
    async commit(write) {
      staged = [];
      write();
      writeSync(file, Buffer.concat(staged.flatMap(([key, value]) => [Buffer.from(key), value])));
      await sync(file);
      for (const [key, value] of staged) values.set(key, value);
    },
  };
}

const body: EntryBody<"intent"> = {
  inquiry: new Uint8Array(16),
  bank: "village-bank",
  model: new Uint8Array(32),
  purpose: "credit-application",
  people: 1,
  header: new Uint8Array(32),
  bankSignature: new Uint8Array(64),
  signature: new Uint8Array(64),
  consent: new Uint8Array(32),
};
const folder = mkdtempSync(join(tmpdir(), "moiety-ledger-bench-"));
const file = openSync(join(folder, "journal"), "w");
const signer = noteSigner("bench/bureau", new SigningKey(new Uint8Array(32).fill(1)), ED25519);
const log = new Log({ store: journal(file), signer, nowMs: () => 1_800_000_000_000 });

function milliseconds(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

const latencies: number[] = [];
async function caller(): Promise<void> {
  for (let i = 0; i < APPENDS_EACH; i += 1) {
    const start = milliseconds();
    const [appended] = await log.append([{ kind: "intent", body }]);
    if (appended !== undefined) log.promise(appended);
    latencies.push(milliseconds() - start);
  }
}

// Once for the JIT compiler.
await Promise.all(Array.from({ length: CALLERS }, caller));
latencies.length = 0;
const cpu = process.cpuUsage();
const start = milliseconds();
await Promise.all(Array.from({ length: CALLERS }, caller));
const seconds = (milliseconds() - start) / 1000;
const { user, system } = process.cpuUsage(cpu);
closeSync(file);
rmSync(folder, { recursive: true });

latencies.sort((x, y) => x - y);
const at = (share: number): string =>
  (latencies[Math.floor(latencies.length * share)] ?? 0).toFixed(1);
const count = latencies.length;
process.stdout.write(
  `${count} appends from ${CALLERS} callers: ${Math.round(count / seconds)} a second, ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${Math.round((user + system) / count)} µs of CPU each, promise included\n`,
);
