/** `moiety doctor`: everything that can be wrong with a node's set-up, looked at one by one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@moiety/kit";
import { parseCatalogue } from "@moiety/model";
import { listen } from "@moiety/transport";
import { refuseInterrupted } from "../backup/places.ts";
import { type NodeConfig, readConfig } from "../config.ts";
import { type Parties, readParties } from "../parties.ts";
import type { NodeStatus } from "../start.ts";
import { SCHEMA_VERSION } from "../store.ts";
import { readStore } from "../store-reader.ts";
import { readIdentity } from "../tls-carrier.ts";
import {
  checkCertificate,
  checkFolders,
  checkKeys,
  checkRoom,
  checkRoster,
  checkSync,
} from "./files.ts";
import { examined, type Finding, failure, ok } from "./finding.ts";
import { dialPeers, peersAsSeen, statusOfRunning } from "./peers.ts";

const KEYS_REMEDY = "put the right key file there, mode 0600, or restore it from your backup";

/**
 * Examines the node behind a configuration file, and yields findings as they come. A node that runs
 * is asked how it sees itself; of one that does not, port, store and peers are tried.
 */
export async function* diagnose(file: string): AsyncGenerator<Finding> {
  let config: NodeConfig | undefined;
  yield* await examined("configuration", "mend the file", () => {
    config = readConfig(file);
    return ok("configuration", `${config.name}, a ${config.role}`);
  });
  if (config === undefined) return;
  yield* fileFindings(config);
  let parties: Parties | undefined;
  yield* await examined("roster", "install the current roster of the network", () => {
    parties = readParties(config as NodeConfig, systemClock);
    return checkRoster(parties, Date.now());
  });
  if (parties === undefined) return;
  yield* partyFindings(config, parties);
  const status = await statusOfRunning(config);
  if (status === undefined) yield* whileStopped(config, parties);
  else yield* whileRunning(status);
}

async function* fileFindings(config: NodeConfig): AsyncGenerator<Finding> {
  yield* await examined("folders", "see that this user may read them", () => checkFolders(config));
  yield* await examined("disk", "see that the data folder can be written", () => checkRoom(config));
  yield* await examined("sync", "see that the data folder can be written", () => checkSync(config));
}

async function* partyFindings(config: NodeConfig, parties: Parties): AsyncGenerator<Finding> {
  yield* await examined("keys", KEYS_REMEDY, () => checkKeys(config, parties));
  yield* await examined("certificate", KEYS_REMEDY, () => {
    readIdentity(config, parties);
    return checkCertificate(config, parties, Date.now());
  });
  const { catalogue } = config;
  if (catalogue !== undefined)
    yield* await examined("catalogue", "mend the file", () => {
      const { domain, features } = parseCatalogue(readFileSync(catalogue, "utf8"), catalogue);
      return ok("catalogue", `${domain}, ${features.length} features`);
    });
}

async function* whileRunning(status: NodeStatus): AsyncGenerator<Finding> {
  yield ok("process", `runs (pid ${status.pid}, up ${status.uptimeSeconds} s)`);
  yield* peersAsSeen(status);
  for (const ailment of status.health.ailments)
    yield failure("health", ailment, "see the node's log");
}

async function* whileStopped(config: NodeConfig, parties: Parties): AsyncGenerator<Finding> {
  yield ok("process", "does not run; its port, store and peers are tried instead");
  yield* await examined("port", "stop the other program, or configure another port", () =>
    portIsFree(config, parties),
  );
  yield* await examined("store", "restore it from your backup", () => checkStore(config, parties));
  yield* await examined("peers", "see that they run", () => dialPeers(config, parties));
}

/** Reads only: what an examination migrated, an older program could no longer open. */
async function checkStore(config: NodeConfig, { network }: Parties): Promise<Finding> {
  refuseInterrupted(config.data);
  if (!existsSync(join(config.data, "store.mdb")))
    return ok("store", "none yet; made at the first start");
  const store = await readStore(config.data, `${network}/${config.name}`);
  await store.close();
  return store.schema === SCHEMA_VERSION
    ? ok("store", "opens, and is this node's own")
    : ok("store", `is this node's own, of schema ${store.schema}: the next start migrates it`);
}

async function portIsFree(config: NodeConfig, parties: Parties): Promise<Finding> {
  if (config.listen === undefined) return ok("port", "listens nowhere: it dials the others");
  const listener = await listen({
    identity: readIdentity(config, parties),
    address: config.listen,
    peers: () => new Map(),
    onLink: (link) => link.close(),
  });
  await listener.close();
  const { host, port } = config.listen;
  if (port === 0) return ok("port", `any free port of ${host}`);
  return parties.get(config.name).address === undefined
    ? failure("port", "the roster has no address for this node", "have it entered in the roster")
    : ok("port", `${host}:${port} is free`);
}
