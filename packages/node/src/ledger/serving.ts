/**
 * The published log over HTTP, as tlog-tiles: `/ledger/checkpoint`, `/ledger/tile/…`, read-only; and the
 * server for whoever comes from outside, for that and for a bureau's desk for people.
 */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { SetupError } from "../config-error.ts";
import { nextTurn } from "../next-turn.ts";
import { NO_SCHEMAS } from "../no-schemas.ts";
import type { NodeLedger } from "./node-ledger.ts";

/** Visitors at once: they must not use up the node's own file descriptors. */
const MAX_CONNECTIONS = 64;
const IDLE_MS = 10_000;
/** Of a connection that has been answered. */
const KEEP_ALIVE_MS = 5_000;
/** On one connection; what is pipelined beyond is dropped before anybody works on it. */
const MAX_REQUESTS = 32;

/** Adds the log's paths to a server. What no witness has seen is not served. */
export function serveLedger(server: FastifyInstance, ledger: Pick<NodeLedger, "serve">): void {
  server.get<{ Params: { readonly "*": string } }>("/ledger/*", async ({ params }, reply) => {
    const { status, type, cache, bytes } = ledger.serve(params["*"]);
    const { buffer, byteOffset, byteLength } = bytes;
    const body = Buffer.from(buffer, byteOffset, byteLength);
    return reply.code(status).header("cache-control", cache).type(type).send(body);
  });
}

export interface PublicServer {
  close(): Promise<void>;
}

/**
 * A server for whoever comes, and for what `routes` adds only. Plain HTTP: what it serves is public and
 * verified by its readers, or sealed. Rejects with `SetupError` when the address cannot be had.
 */
export async function servePublic(
  { run, name, public: address }: PublicConfig,
  routes: (server: FastifyInstance) => void,
): Promise<PublicServer> {
  if (address === undefined) return { close: async () => {} };
  const { host, port } = address;
  const server = fastify({
    ...NO_SCHEMAS,
    bodyLimit: 1024,
    forceCloseConnections: true,
    connectionTimeout: IDLE_MS,
    requestTimeout: IDLE_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxRequestsPerSocket: MAX_REQUESTS,
  });
  server.server.maxConnections = MAX_CONNECTIONS;
  // Each in a turn of its own, however many come in one packet: a bundle of the log is 256 reads.
  server.addHook("onRequest", () => nextTurn());
  routes(server);
  await server.listen({ host, port }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "EADDRINUSE" ? "is taken; configure another (0: any)" : error.code;
    throw new SetupError(`public: ${host}:${port} ${why}`);
  });
  const { port: given } = server.server.address() as { port: number };
  const file = join(run, `${name}.public-port`);
  mkdirSync(run, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${given}\n`, { mode: 0o600 });
  const close = async (): Promise<void> => {
    rmSync(file, { force: true });
    await server.close();
  };
  return { close };
}

interface PublicConfig {
  readonly run: string;
  readonly name: string;
  readonly public?: { readonly host: string; readonly port: number } | undefined;
}
