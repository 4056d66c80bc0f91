/**
 * How the command line talks to a node on the same machine: HTTP over a Unix socket that only the
 * node's own user can open. Identifiers and scores pass here, so it is never a TCP port.
 */
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { SetupError } from "./config-error.ts";
import { isRunning } from "./control-probe.ts";
import { NO_SCHEMAS } from "./no-schemas.ts";

const MAX_BODY_BYTES = 64 << 20;

export interface ControlServer {
  readonly path: string;
  close(): Promise<void>;
}

/** Starts serving; throws `SetupError` when a node of this name runs already. */
export async function serveControl(
  path: string,
  node: string,
  routes: (server: FastifyInstance) => void,
): Promise<ControlServer> {
  const folder = join(path, "..");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = process.getuid?.();
  if (own !== undefined && lstatSync(folder).uid !== own)
    throw new SetupError(`${folder} belongs to another user; remove it`);
  chmodSync(folder, 0o700);
  await refuseSecond(path, node);
  rmSync(path, { force: true }); // left behind by a process that was killed
  const server = fastify({
    ...NO_SCHEMAS,
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
  });
  server.setErrorHandler((error, _request, reply) => {
    const known = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
    const message = error instanceof Error ? error.message : "unknown error";
    void reply.code(typeof known === "number" ? known : 500).send({ error: message });
  });
  routes(server);
  await server.listen({ path });
  chmodSync(path, 0o600);
  return { path, close: () => server.close() };
}

/** Throws `SetupError` when a node of this name runs already. */
export async function refuseSecond(path: string, node: string): Promise<void> {
  if (await isRunning(path))
    throw new SetupError(`${node} is running already (it answers at ${path})`);
}
