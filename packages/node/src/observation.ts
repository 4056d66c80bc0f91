/** The page that monitoring reads: `/metrics` and `/health` on a loopback port, and nothing else. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fastify from "fastify";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { NO_SCHEMAS } from "./no-schemas.ts";

/** Never anything but this machine: who watches from elsewhere puts a proxy of their own in front. */
const LOOPBACK = "127.0.0.1";

/** Anybody on this machine may connect: that must not use up the node's own file descriptors. */
const MAX_CONNECTIONS = 32;
const IDLE_MS = 10_000;

export interface ObservationServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves until it is closed. `/health` answers 200, or 503 with the ailments. Rejects with
 * `SetupError` when the port cannot be had.
 */
export async function serveObservation(
  port: number,
  metrics: Metrics,
  health: () => Health,
): Promise<ObservationServer> {
  const server = fastify({
    ...NO_SCHEMAS,
    forceCloseConnections: true,
    connectionTimeout: IDLE_MS,
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  // A web page on this machine could have its reader's browser ask, or ask under another name.
  server.addHook("onRequest", async (request, reply) => {
    const { host = "", "sec-fetch-site": site = "none" } = request.headers;
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host))
      await reply.code(403).send({ error: "ask for 127.0.0.1 or localhost" });
    else if (site !== "none" && site !== "same-origin")
      await reply.code(403).send({ error: "not for other pages" });
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  server.get("/health", async (_request, reply) => {
    const state = health();
    return reply.code(state.status === "ok" ? 200 : 503).send(state);
  });
  await server.listen({ host: LOOPBACK, port }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "EADDRINUSE" ? "is taken; configure another (0: any)" : error.code;
    throw new SetupError(`metrics.port: ${LOOPBACK}:${port} ${why}`);
  });
  const { port: given } = server.server.address() as { port: number };
  return { port: given, close: () => server.close() };
}

/** The file in `run` that says where a node's metrics are, for those that were given any free port. */
function portFile({ run, name }: NodeConfig): string {
  return join(run, `${name}.metrics-port`);
}

export function publishObservation(config: NodeConfig, port: number): void {
  mkdirSync(config.run, { recursive: true, mode: 0o700 });
  writeFileSync(portFile(config), `${port}\n`, { mode: 0o600 });
}

export function withdrawObservation(config: NodeConfig): void {
  rmSync(portFile(config), { force: true });
}
