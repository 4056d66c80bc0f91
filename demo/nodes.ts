/** Real nodes, each its own process, that end with the demo whatever ends the demo. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { type MadeNetwork, type Target, targetOf } from "@moiety/cli";
import { ControlError, callNode, type NodeStatus } from "@moiety/node";

const START_MS = 30_000;
const STOP_MS = 8_000;
const command = createRequire(import.meta.url).resolve("@moiety/cli/moiety");

export class Nodes {
  readonly targets: Readonly<Record<string, Target>>;
  readonly #configs: Readonly<Record<string, string>>;
  readonly #children = new Map<string, ChildProcess>();

  constructor({ configs }: MadeNetwork) {
    this.#configs = configs;
    this.targets = Object.fromEntries(
      Object.entries(configs).map(([name, file]) => [name, targetOf(file)]),
    );
  }

  get names(): string[] {
    return Object.keys(this.#configs);
  }

  /** Starts every node and waits until each answers. */
  async startAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.start(name)));
  }

  async start(name: string): Promise<void> {
    // The IPC channel is what ties the node's life to this process: see `moiety node`.
    const child = spawn(process.execPath, [command, "node", this.#configs[name] as string], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#children.set(name, child);
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000);
    });
    const deadline = Date.now() + START_MS;
    while (Date.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`${name} did not start:\n${said}`);
      if (await this.#ready(name)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${name} did not start within ${START_MS / 1000} s:\n${said}`);
  }

  /** Stops a node as Ctrl-C would. */
  async stop(name: string): Promise<void> {
    const child = this.#children.get(name);
    this.#children.delete(name);
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(killer);
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#children.keys()].map((name) => this.stop(name)));
  }

  status(name: string): Promise<NodeStatus> {
    return callNode<NodeStatus>(this.#socket(name), "/status", { method: "GET" });
  }

  #socket(name: string): string {
    const target = this.targets[name];
    if (target === undefined) throw new Error(`no node ${name}`);
    return target.socket;
  }

  /** Up, and connected to everybody it dials. */
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
