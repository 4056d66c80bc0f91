/**
 * A network of real processes in a temporary folder, for end-to-end tests.
 *
 *     const world = useWorld();                       // once per file or describe; it cleans up
 *     const network = await world.network();          // `moiety init`, nothing runs yet
 *     await network.start();                          // all nodes; or network.start("bank", …)
 *     const ran = await world.run(["score", network.config("bank"), "--id-file", "-"], { stdin });
 *     await network.stop("telecom");                  // SIGTERM, gives exit code and output
 *
 * Whatever was started has ended, and the folder is gone, when the test file ends, pass or fail.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Target, targetOf } from "@moiety/cli";
import { ControlError, callNode, type NodeStatus } from "@moiety/node";
import { afterAll } from "vitest";
import { type Ended, type Running, type StartOptions, spawnCommand, spawnNode } from "./command.ts";

/** Longest wait until a node is up and connected to everybody it dials. */
const START_MS = 120_000;
const POLL_MS = 50;

export interface NetworkOptions {
  /** Catalogue files, a platform each; none: telecom, payments and marketplace. */
  readonly catalogues?: readonly string[];
  /** More arguments for `moiety init`. */
  readonly args?: readonly string[];
}

/** A temporary folder and the processes that work in it. Get one from `useWorld`. */
export class World {
  readonly #running: Running[] = [];
  #folder: string | undefined;
  #networks = 0;

  get folder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), "moiety-test-"));
    return this.#folder;
  }

  /** Writes a file (mode 0600), relative to the folder unless absolute; gives its path. */
  write(name: string, content: string | Uint8Array): string {
    const file = resolve(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
    return file;
  }

  /** Runs `moiety …args` to its end; an exit code other than 0 is no error here. */
  run(args: readonly string[], options?: StartOptions): Promise<Ended> {
    return this.#keep(spawnCommand(args, options)).ended;
  }

  /** Starts `moiety node <config>` and does not wait for anything. */
  node(config: string, options?: StartOptions): Running {
    return this.#keep(spawnNode(config, options));
  }

  /** Makes a network with `moiety init`; its nodes do not run yet. */
  async network({ catalogues = [], args = [] }: NetworkOptions = {}): Promise<Network> {
    this.#networks += 1;
    const folder = join(this.folder, `network-${this.#networks}`);
    const given = catalogues.length === 0 ? [] : ["--catalogue", ...catalogues];
    const ended = await this.run(["init", folder, "--json", ...given, ...args]);
    if (ended.code !== 0) throw new Error(`moiety init failed:\n${ended.stderr}`);
    const { configs } = JSON.parse(ended.stdout.toString()) as { configs: Record<string, string> };
    return new Network(this, folder, configs);
  }

  /** Kills what still runs and removes the folder. */
  async close(): Promise<void> {
    await Promise.all(this.#running.map((running) => running.stop("SIGKILL")));
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #keep(running: Running): Running {
    this.#running.push(running);
    return running;
  }
}

/** A world for one test file or `describe`: call it there, not within a test. */
export function useWorld(): World {
  const world = new World();
  afterAll(() => world.close());
  return world;
}

/** What `moiety init` made, and those of its nodes that run. */
export class Network {
  readonly folder: string;
  /** Configuration files by node. */
  readonly configs: Readonly<Record<string, string>>;
  readonly #world: World;
  readonly #nodes = new Map<string, Running>();

  constructor(world: World, folder: string, configs: Readonly<Record<string, string>>) {
    this.#world = world;
    this.folder = folder;
    this.configs = configs;
  }

  get names(): string[] {
    return Object.keys(this.configs);
  }

  config(name: string): string {
    const file = this.configs[name];
    if (file === undefined) throw new Error(`no node ${name} in ${this.names.join(", ")}`);
    return file;
  }

  /** Configuration and control socket. */
  target(name: string): Target {
    return targetOf(this.config(name));
  }

  /** Starts nodes (default: all) and waits until each is connected to everybody it dials. */
  async start(...names: readonly string[]): Promise<void> {
    await this.startEach(
      Object.fromEntries((names.length ? names : this.names).map((n) => [n, {}])),
    );
  }

  /** The same with options for each node. */
  async startEach(nodes: Readonly<Record<string, StartOptions>>): Promise<void> {
    const started = Object.entries(nodes).map(([name, options]) => {
      this.#nodes.set(name, this.#world.node(this.config(name), options));
      return this.untilReady(name);
    });
    await Promise.all(started);
  }

  /** The node's process; throws unless it has been started. */
  running(name: string): Running {
    const running = this.#nodes.get(name);
    if (running === undefined) throw new Error(`${name} has not been started`);
    return running;
  }

  /** Waits until the node answers and is connected; throws with what it printed if that fails. */
  async untilReady(name: string): Promise<void> {
    const running = this.running(name);
    const deadline = Date.now() + START_MS;
    while (Date.now() < deadline && !running.over) {
      if (await this.#ready(name)) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`${name} is not up:\n${running.stderr}`);
  }

  /** Ends a node in good order. */
  stop(name: string, signal?: NodeJS.Signals): Promise<Ended> {
    return this.running(name).stop(signal);
  }

  /** Ends every node that runs; gives how each that was ever started ended. */
  async stopAll(): Promise<Record<string, Ended>> {
    const names = [...this.#nodes.keys()];
    const ended = await Promise.all(names.map((name) => this.stop(name)));
    return Object.fromEntries(names.map((name, i) => [name, ended[i] as Ended]));
  }

  status(name: string): Promise<NodeStatus> {
    return callNode<NodeStatus>(this.target(name).socket, "/status", { method: "GET" });
  }

  async #ready(name: string): Promise<boolean> {
    try {
      const { peers } = await this.status(name);
      return Object.values(peers).every((state) => state === "up");
    } catch (error) {
      if (error instanceof ControlError) return false;
      throw error;
    }
  }
}
