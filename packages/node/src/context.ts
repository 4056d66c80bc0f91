/** What every role runtime stands on: configuration, roster, store, connections, sessions. */
import type { Rng, SigningKey } from "@moiety/crypto";
import { type Clock, ProtocolError, Refusal, Switchboard } from "@moiety/kit";
import type { FastifyInstance } from "fastify";
import { refuseInterrupted } from "./backup/places.ts";
import type { NodeConfig } from "./config.ts";
import { incarnationOf } from "./incarnation.ts";
import { KEY_FILES, readSigningKey, requireListed } from "./keys.ts";
import { Links } from "./links.ts";
import type { Log } from "./log.ts";
import { Metrics, type Sample } from "./metrics.ts";
import { type Parties, readParties } from "./parties.ts";
import { Purposes } from "./purposes.ts";
import { refuseOlderRoster } from "./roster-version.ts";
import type { Store } from "./store.ts";
import type { Surroundings } from "./surroundings.ts";
import { Traffic } from "./traffic.ts";
import { WithdrawnCertificates } from "./withdrawn-certificates.ts";

export interface NodeContext {
  readonly config: NodeConfig;
  readonly parties: Parties;
  readonly purposes: Purposes;
  readonly withdrawn: WithdrawnCertificates;
  readonly signing: SigningKey;
  readonly store: Store;
  readonly log: Log;
  /** The only time there is here: a simulation brings its own. */
  readonly clock: Clock;
  /** The only randomness there is here, of the operating system unless this is a simulation. */
  readonly rng: Rng;
  readonly otSetup: Surroundings["otSetup"];
  readonly switchboard: Switchboard;
  readonly links: Links;
  readonly traffic: Traffic;
  readonly metrics: Metrics;
}

/** A role in operation, as the node's shell sees it. */
export interface RoleRuntime {
  /** Facts for `moiety status`; nothing about a person. */
  status(): Record<string, unknown>;
  /** Figures of the moment for Prometheus; labels name no person. */
  samples(): Iterable<Sample>;
  /** What keeps this role from its work, in words for whoever is on duty; connections aside. */
  ailments(): readonly string[];
  /** Adds the role's own commands to the control socket. */
  routes(server: FastifyInstance): void;
  /** Adds what anybody may read: a bureau's published log. */
  publishes?(server: FastifyInstance): void;
  close(): Promise<void>;
}

/** Opens everything but connections; throws `SetupError` for what an operator can mend. */
export async function openContext(
  config: NodeConfig,
  { clock, rng, otSetup, readRoster, makeLog, openStore, makeCarrier }: Surroundings,
): Promise<NodeContext> {
  const parties = readParties(config, clock, readRoster);
  const signing = readSigningKey(config.keys);
  const listed = parties.verifying(config.name).bytes;
  requireListed(config, KEY_FILES.signing, signing.verifyingKey.bytes, listed);
  const log = makeLog(config.name, config.log);
  const carrier = makeCarrier(config, parties, clock);
  const owner = `${parties.network}/${config.name}`;
  refuseInterrupted(config.data);
  const store = await openStore(config.data, owner, (trouble) => {
    if (trouble === undefined) log.info("the store takes writes again");
    else log.error(trouble);
  });
  await refuseOlderRoster(store, parties);
  log.info({ ...(await incarnationOf(store, rng, clock.now())) }, "store opened");
  const purposes = new Purposes({ config, parties, store, nowMs: () => clock.now() });
  await purposes.read();
  const withdrawn = new WithdrawnCertificates({ config, parties, store });
  await withdrawn.read();
  const traffic = new Traffic();
  const metrics = new Metrics(config.name, config.role);
  const switchboard: Switchboard = new Switchboard({
    self: config.name,
    clock,
    rng,
    linkTo: (party) => links.linkTo(party),
    onFailure: (error) => logFailure(log, error),
    onEnd: (session, end) => {
      traffic.count(session);
      metrics.sessionEnded(session, end);
    },
  });
  const attach = switchboard.attach.bind(switchboard);
  const links = new Links({ config, parties, log, clock, rng, carrier, attach });
  const base = { config, parties, purposes, withdrawn, signing, store, log, clock, rng, otSetup };
  return { ...base, switchboard, links, traffic, metrics };
}

/** Logs a failed session. The message names parties, protocol, step and class, never a person. */
export function logFailure(log: Log, error: unknown): void {
  if (error instanceof Refusal) {
    log.warn({ code: error.code, detail: error.message }, "not done");
    return;
  }
  if (!(error instanceof ProtocolError)) {
    log.error({ error: error instanceof Error ? error.message : "unknown" }, "failure");
    return;
  }
  const { party, protocol, step, code, message } = error;
  const facts = { party, protocol, step, code, detail: message };
  if (code === "internal") log.error(facts, "session failed");
  else log.warn(facts, "session failed");
}
