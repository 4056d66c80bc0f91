/** Orders that every node takes over its control socket, whatever its role. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { copyNode } from "./backup/copy.ts";
import type { NodeContext } from "./context.ts";
import { installRoster, restartReasons } from "./roster-install.ts";
import { refuseOlderRoster } from "./roster-version.ts";

const rosterRequest = z.strictObject({ text: z.string().max(8 << 20), file: z.string().max(4096) });
const policyRequest = z.strictObject({ text: z.string().max(1 << 20), file: z.string().max(4096) });
const withdrawalsRequest = z.strictObject({
  text: z.string().max(8 << 20),
  file: z.string().max(4096),
});
const backupRequest = z.strictObject({ folder: z.string().min(1).max(4096) });

/** What a node did with a new roster. */
export interface RosterAnswer {
  readonly version: number;
  /** Of the roster that was in force. */
  readonly former: number;
  /** Why it is in force only after a restart; empty: it is in force. */
  readonly restart: readonly string[];
}

/** What a node did with a list of withdrawn certificates. */
export interface WithdrawalsAnswer {
  readonly serial: number;
  /** Of the list that was in force; null: there was none. */
  readonly former: number | null;
  /** Withdrawn so far. */
  readonly certificates: number;
}

export function takeOrders(server: FastifyInstance, context: NodeContext): void {
  server.post("/roster", async ({ body }): Promise<RosterAnswer> => {
    const { text, file } = rosterRequest.parse(body);
    return adoptRoster(context, Buffer.from(text), file);
  });
  server.post("/policy", async ({ body }) => {
    const { text, file } = policyRequest.parse(body);
    const former = context.purposes.current?.version;
    const { version } = await context.purposes.install(Buffer.from(text), file);
    if (version !== former) context.log.info({ policy: version, former }, "new policy in force");
    return { version, former: former ?? null };
  });
  server.post("/withdrawals", async ({ body }): Promise<WithdrawalsAnswer> => {
    const { text, file } = withdrawalsRequest.parse(body);
    const { withdrawn, log } = context;
    const former = withdrawn.current?.serial ?? null;
    const { serial, withdrawn: all } = await withdrawn.install(Buffer.from(text), file);
    if (serial !== former)
      log.info({ withdrawals: serial, former, certificates: all.length }, "certificates withdrawn");
    return { serial, former, certificates: all.length };
  });
  server.post("/backup", async ({ body }) => {
    const { folder } = backupRequest.parse(body);
    const { parties, ...rest } = context;
    return copyNode({ ...rest, roster: parties }, folder);
  });
}

/** Installs a roster and, where nothing stands against it, goes on with it at once. */
async function adoptRoster(
  { config, parties, store, clock, log }: NodeContext,
  bytes: Uint8Array,
  file: string,
): Promise<RosterAnswer> {
  const previous = parties.roster;
  const { roster } = installRoster(config, bytes, { now: clock.now(), file, previous });
  const { version } = roster;
  const former = previous.version;
  if (version === former) return { version, former, restart: [] };
  const restart = restartReasons(config, previous, roster);
  if (restart.length > 0) {
    log.warn({ roster: version, restart }, "new roster installed, in force after a restart");
    return { version, former, restart };
  }
  await refuseOlderRoster(store, roster);
  parties.adopt(roster);
  log.info({ roster: version, former }, "new roster in force");
  return { version, former, restart };
}
