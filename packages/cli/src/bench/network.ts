/** A temporary network of real processes for benches, and what its nodes spend while something runs. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callNode, type DepositProgress, type NodeStatus, streamNode } from "@moiety/node";
import type { Roster } from "@moiety/policy";
import { type MadeNetwork, makeNetwork } from "../init.ts";
import { LocalNodes } from "../local-nodes.ts";
import { Wallet } from "../memory-wallet.ts";
import type { BenchSetting } from "./bench.ts";
import type { ByParty } from "./figures.ts";
import { type BenchPeople, MODEL_NAME, makePeople, PURPOSE } from "./people.ts";

const PROFILER = new URL("../../bin/profiler.mjs", import.meta.url).href;
const TURNS = new URL("../../bin/turns.mjs", import.meta.url).href;

const PREPARED_TOGETHER = 8;
const TERMS = {
  bank: "bank",
  purpose: PURPOSE,
  outputs: ["score"],
  use: "once",
  validFor: "30d",
  dataLife: "30d",
} as const;

/** How a process went about its work: the longest it held up its event loop, and its memory. */
export interface Demeanour {
  readonly longestMs: number;
  /** One of a thousand moments had to wait longer. */
  readonly p999Ms: number;
  readonly peakBytes: number;
}

/** What the nodes and this process have spent so far. */
interface Reading {
  readonly at: number;
  readonly cpu: ByParty;
  readonly sent: ByParty;
}

export interface Spent {
  readonly seconds: number;
  /** Microseconds of CPU time, `command` being this process. */
  readonly cpuMicros: ByParty;
  /** Bytes sent. */
  readonly bytes: ByParty;
}

export class BenchNetwork {
  readonly people: BenchPeople;
  readonly nodes: LocalNodes;
  readonly #folder: string;

  private constructor(folder: string, people: BenchPeople, nodes: LocalNodes) {
    this.#folder = folder;
    this.people = people;
    this.nodes = nodes;
  }

  /**
   * Makes and starts a network for this many people; nothing is deposited yet. `prepare` is called
   * before any node runs.
   */
  static async open(
    setting: BenchSetting,
    count: number,
    platforms: number = 3,
    prepare: (made: MadeNetwork) => Promise<void> = async () => {},
  ): Promise<BenchNetwork> {
    const folder = mkdtempSync(join(tmpdir(), "moiety-bench-"));
    let network: BenchNetwork | undefined;
    const close = async (): Promise<void> => {
      await network?.nodes.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    setting.onEnd(close);
    const people = makePeople(join(folder, "people"), count, setting.seed, platforms);
    const made = await makeNetwork(join(folder, "network"), {
      network: "moiety-bench",
      banks: ["bank"],
      catalogues: Object.values(people.catalogues),
      consent: setting.consent,
      host: "127.0.0.1",
      basePort: 0,
    });
    await prepare(made);
    network = new BenchNetwork(folder, people, new LocalNodes(made));
    await network.nodes.start();
    return network;
  }

  get platforms(): string[] {
    return Object.keys(this.people.csvs);
  }

  /**
   * A consent of each person to one inquiry, by a key that the first platform vouched for. Prepared a few
   * at a time; tells how many are done.
   */
  async consents(told: (done: number) => void): Promise<string[]> {
    const bytes = readFileSync(join(this.#folder, "network", "roster.json"), "utf8");
    const { roster } = JSON.parse(bytes) as { readonly roster: Roster };
    const registrar = this.platforms[0] as string;
    const { socket } = this.nodes.target(registrar);
    const { identifiers } = this.people;
    const tokens: string[] = new Array(identifiers.length);
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < identifiers.length) {
        const at = next++;
        const wallet = new Wallet(identifiers[at] as string, roster, "opaque");
        await wallet.beVouchedFor(registrar, socket);
        tokens[at] = await wallet.consent({ ...TERMS, scope: { domains: this.platforms } });
        if (at % 100 === 0) told(at);
      }
    };
    await Promise.all(Array.from({ length: PREPARED_TOGETHER }, worker));
    return tokens;
  }

  /** A file of the network's own folder, which goes with it. */
  file(name: string): string {
    return join(this.#folder, name);
  }

  /** Deposits what a platform has; tells of each step. */
  async deposit(
    platform: string,
    told: (progress: DepositProgress) => void | Promise<void> = () => {},
    signal?: AbortSignal,
  ): Promise<void> {
    const { socket } = this.nodes.target(platform);
    const body = { csv: this.people.csvs[platform] };
    const options = signal === undefined ? { body } : { body, signal };
    for await (const step of streamNode<DepositProgress>(socket, "/deposit", options))
      await told(step);
  }

  /** Deposits of all platforms, and the model, certified and deployed. */
  async furnish(): Promise<void> {
    await Promise.all(this.platforms.map((platform) => this.deposit(platform)));
    await this.deploy();
  }

  /** The model, certified and deployed. */
  async deploy(): Promise<void> {
    const { socket } = this.nodes.target("bank");
    const certify = { text: this.people.model, file: `${MODEL_NAME}.json` };
    await callNode(socket, "/model/certify", { body: certify });
    await callNode(socket, "/model/deploy", { body: { model: MODEL_NAME } });
  }

  /** Starts these nodes anew, ready to be profiled, or else watched. */
  async attended(names: readonly string[], profiled: boolean): Promise<void> {
    await this.nodes.stop(names);
    await this.nodes.start(names, () => ["--import", profiled ? PROFILER : TURNS]);
  }

  /** Starts these nodes anew, ready to be profiled. */
  profiled(names: readonly string[]): Promise<void> {
    return this.attended(names, true);
  }

  /** How nodes that are watched have behaved since they were last asked. */
  async demeanour(names: readonly string[]): Promise<Readonly<Record<string, Demeanour>>> {
    const asked = names.map(async (name) => {
      const { turns } = (await this.nodes.tell(name, { turns: {} })) as { turns: Demeanour };
      return [name, turns] as const;
    });
    return Object.fromEntries(await Promise.all(asked));
  }

  /** Profiles these nodes from now on; the result writes a file for each into `folder`. */
  async profile(names: readonly string[], folder: string): Promise<() => Promise<void>> {
    const tell = (messageTo: (name: string) => object) =>
      Promise.all(names.map((name) => this.nodes.tell(name, messageTo(name))));
    await tell(() => ({ profile: {} }));
    return async () => {
      await tell((name) => ({ profile: { file: join(folder, `${name}.cpuprofile`) } }));
    };
  }

  /** Runs `work`; tells what it cost whom. */
  async spending<T>(parties: readonly string[], work: () => Promise<T>): Promise<[T, Spent]> {
    const spent = await this.meter(parties);
    const result = await work();
    return [result, await spent()];
  }

  /** From now on; the result tells what was spent until it is called. */
  async meter(parties: readonly string[]): Promise<() => Promise<Spent>> {
    const before = await this.#read(parties);
    return async () => {
      const until = performance.now();
      const after = await this.#read(parties);
      return {
        seconds: (until - before.at) / 1000,
        cpuMicros: difference(before.cpu, after.cpu),
        bytes: difference(before.sent, after.sent),
      };
    };
  }

  async #read(parties: readonly string[]): Promise<Reading> {
    const statuses = await Promise.all(parties.map((party) => this.nodes.status(party)));
    const cpu = statuses.map(({ node, cpuMicros }) => [node, cpuMicros] as const);
    const sent = statuses.map((status) => [status.node, bytesSent(status)] as const);
    const { user, system } = process.cpuUsage();
    return {
      at: performance.now(),
      cpu: { ...Object.fromEntries(cpu), command: user + system },
      sent: Object.fromEntries(sent),
    };
  }
}

/** Divides what was spent by the number of items. */
export function perItem(spent: ByParty, items: number): ByParty {
  return Object.fromEntries(Object.entries(spent).map(([party, sum]) => [party, sum / items]));
}

/** Items a second and core, of what all parties spent together. */
export function perCore({ cpuMicros }: Spent, items: number): number {
  const total = Object.values(cpuMicros).reduce((sum, each) => sum + each, 0);
  return (items / total) * 1e6;
}

function bytesSent({ traffic }: NodeStatus): number {
  return Object.values(traffic.sent).reduce((sum, { bytes }) => sum + bytes, 0);
}

function difference(before: ByParty, after: ByParty): ByParty {
  return Object.fromEntries(
    Object.entries(after).map(([party, value]) => [party, value - (before[party] ?? 0)]),
  );
}
