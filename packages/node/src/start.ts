/** Starts a node from its configuration file, and stops it in good order. */

import { at } from "@moiety/transport";
import { Bank } from "./bank/runtime.ts";
import { Bureau } from "./bureau/runtime.ts";
import { type NodeConfig, readConfig } from "./config.ts";
import { type NodeContext, openContext, type RoleRuntime } from "./context.ts";
import { type ControlServer, refuseSecond, serveControl } from "./control.ts";
import { controlSocket } from "./control-path.ts";
import { Platform } from "./platform/runtime.ts";
import { Supervisor } from "./supervisor/runtime.ts";
import type { TrafficTallies } from "./traffic.ts";

/** Longest wait for sessions to end when a node stops. */
const DRAIN_MS = 3_000;

/** Role and state of a node, as `moiety status` shows them. */
export interface NodeStatus {
  readonly node: string;
  readonly role: string;
  readonly network: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  /** Where it listens, if it does. */
  readonly address: string | null;
  /** Peers and how the connections stand. */
  readonly peers: Readonly<Record<string, string>>;
  /** Messages and bytes by `protocol.message`. */
  readonly traffic: TrafficTallies;
  /** Facts of the role. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface RunningNode {
  readonly config: NodeConfig;
  status(): NodeStatus;
  /** Ends sessions, frees ports, closes the store. Idempotent. */
  close(): Promise<void>;
}

/** Throws `SetupError` or `DocumentError` with what an operator can do. */
export async function startNode(file: string): Promise<RunningNode> {
  process.umask(0o077); // whatever this process writes is its user's alone
  const config = readConfig(file);
  const path = controlSocket(config.run, config.name);
  await refuseSecond(path, config.name);
  const context = await openContext(config);
  let runtime: RoleRuntime | undefined;
  let control: ControlServer | undefined;
  const close = once(() => shutDown(context, runtime, control));
  try {
    const role = makeRuntime(context);
    runtime = role;
    const status = statusOf(context, role);
    control = await serveControl(path, config.name, (server) => {
      server.get("/status", async () => status());
      role.routes(server);
    });
    await context.links.start();
    context.log.info({ role: config.role, roster: context.parties.version }, "ready");
    return { config, status, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function makeRuntime(context: NodeContext): RoleRuntime {
  switch (context.config.role) {
    case "platform":
      return new Platform(context);
    case "bank":
      return new Bank(context);
    case "supervisor":
      return new Supervisor(context);
    case "bureau-a":
    case "bureau-b":
      return new Bureau(context);
  }
}

function statusOf(context: NodeContext, runtime: RoleRuntime): () => NodeStatus {
  const { config, parties, links, traffic, switchboard } = context;
  const startedAt = Date.now();
  return () => ({
    node: config.name,
    role: config.role,
    network: parties.network,
    pid: process.pid,
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    address: links.address === undefined ? null : at(links.address),
    peers: links.states,
    traffic: traffic.with(switchboard.running),
    facts: runtime.status(),
  });
}

/** In the order of dependence: no new orders, no new sessions, no connections, then the store. */
async function shutDown(
  context: NodeContext,
  runtime: RoleRuntime | undefined,
  control: ControlServer | undefined,
): Promise<void> {
  await control?.close();
  await runtime?.close();
  context.switchboard.close();
  await drained(context);
  await context.links.close();
  await context.store.close();
  context.log.info("stopped");
}

/** Roles that are in the middle of a write must not find the store closed. */
async function drained({ switchboard }: NodeContext): Promise<void> {
  const deadline = Date.now() + DRAIN_MS;
  while (switchboard.running.size > 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
