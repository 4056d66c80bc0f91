/** The demo's nodes: each its own process, that ends with the demo whatever ends the demo. */
import { LocalNodes, type Target } from "@moiety/cli";
import { ControlError, callNode, type NodeStatus } from "@moiety/node";
import type { Configs } from "./network-folder.ts";

/** How long the nodes of a run that was killed may take to notice and to end. */
const LEAVE_MS = 12_000;
const LOOK_AGAIN_MS = 50;

export class Nodes {
  readonly #nodes: LocalNodes;
  readonly #up = new Set<string>();

  constructor(configs: Configs) {
    this.#nodes = new LocalNodes({ configs });
  }

  get names(): string[] {
    return this.#nodes.names;
  }

  /** Those that were started and not stopped. */
  get up(): string[] {
    return [...this.#up];
  }

  /** Starts every node and waits until each answers; before, until those of an earlier run are gone. */
  async startAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#gone(name)));
    for (const name of this.names) this.#up.add(name);
    await this.#nodes.start();
  }

  /** Stops a node as Ctrl-C would. */
  async stop(name: string): Promise<void> {
    this.#up.delete(name);
    await this.#nodes.stop([name]);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.up.map((name) => this.stop(name)));
  }

  status(name: string): Promise<NodeStatus> {
    return this.#nodes.status(name);
  }

  /** Of those that answer: after Ctrl-C some may be gone already. */
  async statuses(): Promise<NodeStatus[]> {
    const answers = await Promise.allSettled(this.up.map((name) => this.status(name)));
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  }

  socket(name: string): string {
    return this.target(name).socket;
  }

  target(name: string): Target {
    return this.#nodes.target(name);
  }

  async #gone(name: string): Promise<void> {
    const deadline = performance.now() + LEAVE_MS;
    while (await this.#answers(name)) {
      if (performance.now() > deadline)
        throw new ControlError(
          `${name} runs already, from ${this.target(name).config.file}: stop it first`,
        );
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  async #answers(name: string): Promise<boolean> {
    try {
      await callNode<NodeStatus>(this.socket(name), "/status", { method: "GET" });
      return true;
    } catch (error) {
      if (error instanceof ControlError) return false;
      throw error;
    }
  }
}
