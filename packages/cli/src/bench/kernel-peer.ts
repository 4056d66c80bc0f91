/** One of the two processes of the bench of the kernel: a bureau without store, bank and disk. */
import { type SeededRng, seededRng } from "@moiety/crypto";
import type { ChannelSession } from "@moiety/kit";
import { lookup } from "@moiety/protocols";
import { dial, listen } from "@moiety/transport";
import { LookupBureau, type LookupSide } from "./lookup-bureau.ts";
import { bytesOf, type MadeIdentity } from "./peer-process.ts";

export const FEATURES: number = 20;
const TABLE = 16;
/** How long one that has lost the other waits for the parent's word that all is over. */
const LAST_WORD_MS = 500;
/** Blocks under way at a time. */
const AHEAD = 3;

/** What the parent sends first, over the pipe: this process's identity among it. */
export interface KernelOrder extends MadeIdentity {
  readonly side: LookupSide;
  readonly seed: string;
  /** The other's certificate. */
  readonly peer: string;
  /** Where B listens; only A dials. */
  readonly port?: number;
}

/** What the parent sends then, to both: B answers at once, A computes. */
export interface KernelRun {
  /** Makes inputs differ between runs. */
  readonly run: number;
  readonly blocks: number;
  /** People in each block. */
  readonly people: number;
}

/** What each answers in the end. */
export interface KernelDone {
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly bytes: number;
  /** This side's shares of all people, 2 bytes each, little-endian, base64. */
  readonly shares: string;
}

/** This side's shares of the tables, m × 16, in Z_1024. */
export function tablesOf(seed: string, side: LookupSide): Uint16Array {
  const bytes = rngOf(seed, side)
    .fork("tables")
    .bytes(2 * FEATURES * TABLE);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Uint16Array.from(
    { length: FEATURES * TABLE },
    (_, at) => view.getUint16(2 * at, true) & 1023,
  );
}

/** This side's index shares of a block's people, 0..15. */
export function indicesOf(
  seed: string,
  side: LookupSide,
  { run, people }: KernelRun,
  block: number,
): Uint8Array {
  const bytes = rngOf(seed, side)
    .fork(`run ${run}, block ${block}`)
    .bytes(people * FEATURES);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] as number) & 15;
  return bytes;
}

function rngOf(seed: string, side: LookupSide): SeededRng {
  return seededRng(`moiety bench kernel, ${seed}, ${side}`);
}

/** Serves the parent until that is gone. */
export function serveKernelPeer(): void {
  process.once("message", (order: KernelOrder) => {
    void serve(order);
  });
  process.on("disconnect", () => process.exit(0));
}

async function serve(order: KernelOrder): Promise<void> {
  const bureau = new KernelBureau(order.side, order.seed);
  if (order.port === undefined) {
    const listener = await listen({
      identity: identityOf(order),
      address: { host: "127.0.0.1", port: 0 },
      peers: () => new Map([["a", { name: "a", certificate: bytesOf(order.peer) }]]),
      onLink: (link) => bureau.kernel.attach(link),
    });
    process.send?.({ port: listener.address.port });
  } else {
    const link = await dial({
      identity: identityOf(order),
      peer: { name: "b", certificate: bytesOf(order.peer) },
      address: { host: "127.0.0.1", port: order.port },
      signal: new AbortController().signal,
    });
    bureau.kernel.attach(link);
    process.send?.({ port: order.port });
  }
  process.on("message", (message: KernelRun | { readonly go: true }) => {
    if ("go" in message) return; // what `compute` waits for
    void bureau.compute(message).then((done) => process.send?.(done));
  });
}

class KernelBureau {
  readonly kernel: LookupBureau;
  readonly #side: LookupSide;
  readonly #seed: string;
  readonly #tables: Uint16Array;
  #ended = 0;
  /** Plays B's part in the next block. */
  #answer: (session: lookup.LookupSession) => Promise<void> = async () => {};

  constructor(side: LookupSide, seed: string) {
    this.#side = side;
    this.#seed = seed;
    this.#tables = tablesOf(seed, side);
    this.kernel = new LookupBureau(side, {
      answer: (session) => this.#answer(session),
      onFailure: failed,
      onEnd: (session) => {
        this.#ended += sentBy(session);
      },
    });
  }

  /** Inputs are drawn before the time is taken. */
  async compute(run: KernelRun): Promise<KernelDone> {
    const inputs = Array.from({ length: run.blocks }, (_, block) =>
      indicesOf(this.#seed, this.#side, run, block),
    );
    const shares = new Uint16Array(run.blocks * run.people);
    const one = async (session: lookup.LookupSession, block: number): Promise<void> => {
      const indices = inputs[block] as Uint8Array;
      const input = { indices, tables: this.#tables, pads: this.kernel.pads };
      shares.set(await lookup.lookupBureau(session, input), block * run.people);
    };
    const answered = this.#answering(run.blocks, one);
    await this.#together();
    const [startedAt, cpu, sent] = [performance.now(), process.cpuUsage(), this.#sent()];
    if (this.#side === "a") await this.#ask(run.blocks, one);
    else await answered;
    const { user, system } = process.cpuUsage(cpu);
    const bytes = Buffer.from(shares.buffer).toString("base64");
    const seconds = (performance.now() - startedAt) / 1000;
    return { seconds, cpuMicros: user + system, bytes: this.#sent() - sent, shares: bytes };
  }

  /** Waits for the word of the parent, which knows when both have their inputs. */
  async #together(): Promise<void> {
    const said = new Promise((resolve) => process.once("message", resolve));
    process.send?.({ ready: true });
    await said;
  }

  async #ask(
    blocks: number,
    one: (session: lookup.LookupSession, block: number) => Promise<void>,
  ): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < blocks) {
        const block = next;
        next += 1;
        await this.kernel.ask((session) => one(session, block));
      }
    };
    await Promise.all(Array.from({ length: AHEAD }, worker));
  }

  /** Blocks come in the order in which A opens them. Resolves once all are done. */
  #answering(
    blocks: number,
    one: (session: lookup.LookupSession, block: number) => Promise<void>,
  ): Promise<void> {
    let [next, left] = [0, blocks];
    return new Promise((resolve) => {
      this.#answer = async (session) => {
        const block = next;
        next += 1;
        await one(session, block);
        left -= 1;
        if (left === 0) resolve();
      };
    });
  }

  /** Bytes sent so far, in frames. */
  #sent(): number {
    return [...this.kernel.running].reduce((sum, session) => sum + sentBy(session), this.#ended);
  }
}

function sentBy({ meter }: ChannelSession): number {
  return Object.values(meter).reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * A bench that fails must not look like a slow one. But where the other process has ended first, this
 * one is to end as well, and hears of it in a moment.
 */
function failed(error: Error): void {
  setTimeout(() => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }, LAST_WORD_MS);
}

function identityOf({ side, certificate, privateKey }: KernelOrder) {
  return { name: side, certificate: bytesOf(certificate), privateKey };
}
