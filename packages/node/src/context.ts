/** What every role runtime stands on: configuration, roster, store, connections, sessions. */
import type { SigningKey } from "@moiety/crypto";
import { type Clock, ProtocolError, Switchboard, systemClock } from "@moiety/kit";
import { refuseRollback } from "@moiety/policy";
import type { FastifyInstance } from "fastify";
import type { NodeConfig } from "./config.ts";
import { KEY_FILES, readSigningKey, requireListed } from "./keys.ts";
import { Links } from "./links.ts";
import { type Log, makeLog } from "./log.ts";
import { type Parties, readParties } from "./parties.ts";
import { key, openStore, type Store } from "./store.ts";
import { Traffic } from "./traffic.ts";

export interface NodeContext {
  readonly config: NodeConfig;
  readonly parties: Parties;
  readonly signing: SigningKey;
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  readonly switchboard: Switchboard;
  readonly links: Links;
  readonly traffic: Traffic;
}

/** A role in operation, as the node's shell sees it. */
export interface RoleRuntime {
  /** Facts for `moiety status`; nothing about a person. */
  status(): Record<string, unknown>;
  /** Adds the role's own commands to the control socket. */
  routes(server: FastifyInstance): void;
  close(): Promise<void>;
}

/** Opens everything but connections; throws `SetupError` for what an operator can mend. */
export async function openContext(config: NodeConfig): Promise<NodeContext> {
  const parties = readParties(config);
  const signing = readSigningKey(config.keys);
  const listed = parties.verifying(config.name).bytes;
  requireListed(config, KEY_FILES.signing, signing.verifyingKey.bytes, listed);
  const log = makeLog(config.name, config.log);
  const store = await openStore(config.data, `${parties.network}/${config.name}`);
  await refuseOlderRoster(store, parties);
  const traffic = new Traffic();
  const switchboard: Switchboard = new Switchboard({
    self: config.name,
    linkTo: (party) => links.linkTo(party),
    onFailure: (error) => logFailure(log, error),
    onEnd: (session) => traffic.count(session),
  });
  const attach = switchboard.attach.bind(switchboard);
  const links = new Links({ config, parties, log, attach });
  const clock = systemClock;
  return { config, parties, signing, store, log, clock, switchboard, links, traffic };
}

const ROSTER_VERSION = key("roster-version");

/** Remembers the newest roster that this node has run with, and starts with none older. */
async function refuseOlderRoster(store: Store, { network, version }: Parties): Promise<void> {
  const table = store.table("meta");
  const before = table.get(ROSTER_VERSION)?.readUInt32BE();
  refuseRollback(before, { network, version });
  if (before !== version) await table.put(ROSTER_VERSION, key(version));
}

/** Logs a failed session. The message names parties, protocol, step and class, never a person. */
export function logFailure(log: Log, error: unknown): void {
  if (!(error instanceof ProtocolError)) {
    log.error({ error: error instanceof Error ? error.message : "unknown" }, "failure");
    return;
  }
  const { party, protocol, step, code, message } = error;
  const facts = { party, protocol, step, code, detail: message };
  if (code === "internal") log.error(facts, "session failed");
  else log.warn(facts, "session failed");
}
