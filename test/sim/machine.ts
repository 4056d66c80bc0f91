/** One machine of the simulation: a disk that stays, and a process that comes and goes. */
import type { Rng, SeededRng } from "@moiety/crypto";
import type { NodeConfig } from "@moiety/node";
import type { Carrier, Log, RunningNode, Store, Surroundings, Table } from "@moiety/node/runtime";
import { runNode } from "@moiety/node/runtime";
import type { SimulatedNetwork, VirtualClock } from "@moiety/transport";
import { ControlRoutes } from "./control.ts";
import type { SimulatedDisk } from "./disk.ts";
import { SimulatedStore } from "./simulated-store.ts";

export interface MachineOptions {
  readonly config: NodeConfig;
  readonly clock: VirtualClock;
  readonly network: SimulatedNetwork;
  readonly rng: SeededRng;
  readonly otSetup: Surroundings["otSetup"];
  readonly readRoster: Surroundings["readRoster"];
  readonly disk: SimulatedDisk;
  /** Told what the node logs: its own words, and no more than that. */
  readonly onLog: (node: string, level: string, facts: unknown, words: string | undefined) => void;
  /** A fault of the program, put between a node and its store; none unless given. */
  readonly bend?: (name: string, table: Table) => Table;
  /** Another such fault: writes are acknowledged so long before they are synced. */
  readonly writeBackMs?: number;
}

/** A process that is alive until it crashes or is stopped. */
interface Life {
  alive: boolean;
  readonly store: SimulatedStore;
  readonly control: ControlRoutes;
  node: RunningNode | undefined;
}

export class Machine {
  readonly name: string;
  readonly #options: MachineOptions;
  #life: Life | undefined;
  #lives = 0;
  readonly #mourners = new Set<() => void>();
  /** How far this machine's clock is ahead, in ms. */
  skewMs = 0;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.name = options.config.name;
  }

  get disk(): SimulatedDisk {
    return this.#options.disk;
  }

  /** The node, once it has started; undefined while there is none. */
  get node(): RunningNode | undefined {
    return this.#life?.node;
  }

  get control(): ControlRoutes | undefined {
    return this.#life?.node && this.#life.control;
  }

  /** Which process this is, counted from 1: an answer of an earlier one is none. */
  get lives(): number {
    return this.#lives;
  }

  /** Starts the process, unless it runs. Rejects as the node does. */
  async start(): Promise<void> {
    if (this.#life !== undefined) return;
    this.#lives += 1;
    const {
      config,
      disk,
      otSetup,
      readRoster,
      onLog,
      bend = straight,
      writeBackMs = 0,
    } = this.#options;
    const rng = this.#options.rng.fork(`life ${this.#lives}`);
    const storeRng = rng.fork("disk");
    const life: Life = {
      alive: true,
      store: new SimulatedStore({
        disk,
        clock: this.#clockOf(() => life),
        rng: storeRng,
        writeBackMs,
      }),
      control: new ControlRoutes(),
      node: undefined,
    };
    this.#life = life;
    const store: Store = {
      table: (name) => bend(name, life.store.table(name)),
      transaction: (write) => life.store.transaction(write),
      close: () => life.store.close(),
    };
    const surroundings: Surroundings = {
      clock: this.#clockOf(() => life),
      rng: whileAlive(rng.fork("node"), life),
      otSetup,
      readRoster,
      makeLog: () =>
        logger((level, facts, words) => life.alive && onLog(this.name, level, facts, words)),
      openStore: async () => store,
      makeCarrier: () => this.#carrier(life),
    };
    try {
      const node = await runNode(config, surroundings, life.control.serve);
      if (life.alive) life.node = node;
    } catch (error) {
      if (life.alive) this.crash();
      throw error;
    }
  }

  /** Stops in good order, as after SIGTERM. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life?.node === undefined) return;
    await life.node.close();
    this.crash();
  }

  /** Resolves when the process that runs now is gone. */
  death(): { readonly died: Promise<undefined>; readonly forget: () => void } {
    let resolve = (_: undefined): void => {};
    const died = new Promise<undefined>((settle) => {
      resolve = settle;
    });
    const tell = (): void => resolve(undefined);
    this.#mourners.add(tell);
    return { died, forget: () => this.#mourners.delete(tell) };
  }

  /** kill -9: nothing that the process still wanted happens. */
  crash(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.alive = false;
    life.node = undefined;
    life.store.crash();
    this.#options.network.crash(this.name);
    for (const tell of [...this.#mourners]) tell();
  }

  /** This machine's time, whose timers are its process's: they die with it. */
  #clockOf(life: () => Life): Surroundings["clock"] {
    const { clock } = this.#options;
    return {
      now: () => clock.now() + this.skewMs,
      after: (delayMs, call) =>
        clock.after(delayMs, () => {
          if (life().alive) call();
        }),
    };
  }

  #carrier(life: Life): Carrier {
    const { network } = this.#options;
    let deaf = (): void => {};
    return {
      listen: async (onLink) => {
        deaf = network.listen(this.name, (link) => {
          if (life.alive) onLink(link);
        });
        return { host: this.name, port: 443 };
      },
      dial: (peer, signal) =>
        life.alive ? network.dial(this.name, peer, signal) : new Promise(() => {}),
      close: async () => deaf(),
    };
  }
}

function straight(_name: string, table: Table): Table {
  return table;
}

/** A process that is gone draws nothing: what it would send goes nowhere, so it stops here. */
function whileAlive(rng: Rng, life: Life): Rng {
  return {
    bytes(length) {
      if (!life.alive) throw new Error("this process is gone");
      return rng.bytes(length);
    },
  };
}

/** As much of a logger as nodes use. */
function logger(write: (level: string, facts: unknown, words: string | undefined) => unknown): Log {
  const at = (level: string) => (facts: unknown, words?: string) => {
    write(level, facts, words);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } as never;
}
