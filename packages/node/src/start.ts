/** Starts a node from its configuration file, and stops it in good order. */

import { at } from "@moiety/transport";
import type { FastifyInstance } from "fastify";
import { Bank } from "./bank/runtime.ts";
import { Bureau } from "./bureau/runtime.ts";
import { type NodeConfig, readConfig } from "./config.ts";
import { type NodeContext, openContext, type RoleRuntime } from "./context.ts";
import { type ControlServer, refuseSecond, serveControl } from "./control.ts";
import { controlSocket } from "./control-path.ts";
import { endOnFault } from "./fault.ts";
import { type Health, healthOf } from "./health.ts";
import { servePublic } from "./ledger/serving.ts";
import type { Log } from "./log.ts";
import type { Metrics, Sample } from "./metrics.ts";
import { stepBackBy } from "./next-turn.ts";
import { publishObservation, serveObservation, withdrawObservation } from "./observation.ts";
import { takeOrders } from "./orders.ts";
import { Platform } from "./platform/runtime.ts";
import { Supervisor } from "./supervisor/runtime.ts";
import { machine, type Surroundings } from "./surroundings.ts";
import type { TrafficTallies } from "./traffic.ts";

/** Longest wait for sessions to end when a node stops. */
const DRAIN_MS = 3_000;
/** See `stepBackBy`: about as long as a slice of long work takes. */
const STEP_BACK_MS = 4;

/** Role and state of a node, as `moiety status` shows them. */
export interface NodeStatus {
  readonly node: string;
  readonly role: string;
  readonly network: string;
  /** Version of the roster in force. */
  readonly roster: number;
  readonly pid: number;
  readonly uptimeSeconds: number;
  /** CPU time of the process so far, user and system. */
  readonly cpuMicros: number;
  /** Where it listens, if it does. */
  readonly address: string | null;
  /** Peers and how the connections stand. */
  readonly peers: Readonly<Record<string, string>>;
  /** Messages and bytes by `protocol.message`. */
  readonly traffic: TrafficTallies;
  /** How far the clocks of dialled peers were ahead of this one when they last answered, in ms. */
  readonly clocksAhead: Readonly<Record<string, number>>;
  readonly health: Health;
  /** Facts of the role. */
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface RunningNode {
  readonly config: NodeConfig;
  readonly metrics: Metrics;
  readonly log: Log;
  /** What anybody may read of this role, if there is anything. */
  readonly publishes: ((server: FastifyInstance) => void) | undefined;
  status(): NodeStatus;
  /** Ends sessions, frees ports, closes the store. Idempotent. */
  close(): Promise<void>;
}

/** Offers a role's commands to whoever may give it orders; resolves once it does. */
export type ServeControl = (routes: (server: FastifyInstance) => void) => Promise<ControlServer>;

/** Starts a node of this machine. Throws `SetupError` or `DocumentError` with what an operator can do. */
export async function startNode(file: string): Promise<RunningNode> {
  stepBackBy(STEP_BACK_MS, machine.clock);
  process.umask(0o077); // whatever this process writes is its user's alone
  const config = readConfig(file);
  const path = controlSocket(config.run, config.name);
  await refuseSecond(path, config.name);
  const serve: ServeControl = (routes) => serveControl(path, config.name, routes);
  const node = await runNode(config, machine, serve);
  endOnFault(node.log, process);
  try {
    return await readable(await observed(node));
  } catch (error) {
    await node.close();
    throw error;
  }
}

/** Adds the loopback port for monitoring, if the configuration asks for one. */
async function observed(node: RunningNode): Promise<RunningNode> {
  const { config, metrics } = node;
  if (config.metrics === undefined) return node;
  metrics.observeProcess();
  const server = await serveObservation(config.metrics.port, metrics, () => node.status().health);
  publishObservation(config, server.port);
  const close = once(async () => {
    withdrawObservation(config);
    await server.close();
    await node.close();
  });
  return { ...node, close };
}

/** Adds the address for readers of the log, and people who ask, if the configuration asks for one. */
async function readable(node: RunningNode): Promise<RunningNode> {
  const { config, publishes } = node;
  if (config.public === undefined || publishes === undefined) return node;
  const server = await servePublic(config, publishes).catch(async (error: unknown) => {
    await node.close();
    throw error;
  });
  const close = once(async () => {
    await server.close();
    await node.close();
  });
  return { ...node, close };
}

/** Starts a node in the given surroundings. Throws `SetupError` or `DocumentError`. */
export async function runNode(
  config: NodeConfig,
  surroundings: Surroundings,
  serve: ServeControl,
): Promise<RunningNode> {
  const context = await openContext(config, surroundings);
  let runtime: RoleRuntime | undefined;
  let control: ControlServer | undefined;
  const close = once(() => shutDown(context, runtime, control));
  try {
    const role = makeRuntime(context);
    runtime = role;
    const status = statusOf(context, role);
    control = await serve((server) => {
      server.get("/status", async () => status());
      takeOrders(server, context);
      role.routes(server);
    });
    context.metrics.observe(() => role.samples());
    context.metrics.observe(() => connectionSamples(context));
    await context.links.start();
    context.log.info({ role: config.role, roster: context.parties.version }, "ready");
    const { metrics, log } = context;
    return { config, metrics, log, publishes: role.publishes?.bind(role), status, close };
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

function* connectionSamples({ links, parties }: NodeContext): Generator<Sample> {
  for (const [peer, state] of Object.entries(links.states)) {
    const value = state === "up" ? 1 : 0;
    yield { name: "link_up", help: "Whether a peer is connected", labels: { peer }, value };
  }
  for (const [peer, aheadMs] of Object.entries(links.clocksAhead)) {
    const value = aheadMs / 1000;
    const help = "How far a peer's clock is ahead of this one";
    yield { name: "clock_ahead_seconds", help, labels: { peer }, value };
  }
  const value = parties.expiresAt / 1000;
  yield { name: "roster_expires_timestamp_seconds", help: "When the roster ends", value };
}

function statusOf(context: NodeContext, runtime: RoleRuntime): () => NodeStatus {
  const { config, parties, links, traffic, switchboard, clock } = context;
  const startedAt = clock.now();
  return () => ({
    node: config.name,
    role: config.role,
    network: parties.network,
    roster: parties.version,
    pid: process.pid,
    uptimeSeconds: Math.round((clock.now() - startedAt) / 1000),
    cpuMicros: cpuMicros(),
    address: links.address === undefined ? null : at(links.address),
    peers: links.states,
    clocksAhead: links.clocksAhead,
    health: healthOf(context, runtime),
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
async function drained({ switchboard, clock }: NodeContext): Promise<void> {
  // Counted, not compared with the time: a clock that is put back must not hold up an end.
  for (let waitedMs = 0; switchboard.running.size > 0 && waitedMs < DRAIN_MS; waitedMs += 5)
    await new Promise<void>((resolve) => {
      clock.after(5, resolve);
    });
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
