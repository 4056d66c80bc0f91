/** The nodes of a network on this machine, each its own process, that end with whoever started them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ControlError, callNode, type NodeStatus } from "@moiety/node";
import type { MadeNetwork } from "./init.ts";
import { type Target, targetOf } from "./target.ts";

const START_MS = 60_000;
const STOP_MS = 8_000;
const LOOK_AGAIN_MS = 50;
/** Of what a node says on standard error, the end. */
const KEPT_WORDS = 4000;

/** Where the command is, also from the build: `dist` and `src` lie side by side. */
export const COMMAND_FILE: string = fileURLToPath(new URL("../bin/moiety.mjs", import.meta.url));

export class LocalNodes {
  readonly targets: Readonly<Record<string, Target>>;
  readonly #configs: Readonly<Record<string, string>>;
  readonly #children = new Map<string, ChildProcess>();

  constructor({ configs }: Pick<MadeNetwork, "configs">) {
    this.#configs = configs;
    this.targets = Object.fromEntries(
      Object.entries(configs).map(([name, file]) => [name, targetOf(file)]),
    );
  }

  get names(): string[] {
    return Object.keys(this.#configs);
  }

  /** Starts these nodes, or all, and waits until each answers and has its connections. */
  async start(
    names: readonly string[] = this.names,
    nodeOptions: (name: string) => readonly string[] = () => [],
  ): Promise<void> {
    await Promise.all(names.map((name) => this.#start(name, nodeOptions(name))));
  }

  /** Stops these nodes, or all, as Ctrl-C would. */
  async stop(names: readonly string[] = [...this.#children.keys()]): Promise<void> {
    await Promise.all(names.map((name) => this.#stop(name)));
  }

  /** Sends a node's process a message over its pipe, and waits for its answer, which is the result. */
  async tell(name: string, message: object): Promise<unknown> {
    const child = this.#children.get(name);
    if (child === undefined) throw new TypeError(`${name} does not run`);
    const answered = once(child, "message");
    child.send(message);
    const [answer] = (await answered) as [unknown];
    return answer;
  }

  status(name: string): Promise<NodeStatus> {
    return callNode<NodeStatus>(this.target(name).socket, "/status", { method: "GET" });
  }

  target(name: string): Target {
    const target = this.targets[name];
    if (target === undefined) throw new TypeError(`no node ${name}`);
    return target;
  }

  async #start(name: string, nodeOptions: readonly string[]): Promise<void> {
    const file = this.#configs[name] as string;
    // The IPC channel is what ties the node's life to this process: see `moiety node`.
    const child = spawn(process.execPath, [...nodeOptions, COMMAND_FILE, "node", file], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#children.set(name, child);
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-KEPT_WORDS);
    });
    const deadline = performance.now() + START_MS;
    while (performance.now() < deadline) {
      if (child.exitCode !== null) throw new Error(`${name} did not start:\n${said}`);
      if (await this.#ready(name)) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    throw new Error(`${name} did not start within ${START_MS / 1000} s:\n${said}`);
  }

  async #stop(name: string): Promise<void> {
    const child = this.#children.get(name);
    this.#children.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(killer);
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
