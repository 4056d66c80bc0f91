/** A node's connections: it dials bureaus and supervisor as its role asks, and accepts the others. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { osRng } from "@moiety/crypto";
import { type Link, LinkError, type PartyName, systemClock } from "@moiety/kit";
import {
  type Address,
  checkIdentity,
  type Dialer,
  dial,
  keepLinked,
  type Listener,
  listen,
  type TlsIdentity,
  type TransportEvent,
} from "@moiety/transport";
import type { NodeConfig, NodeRole } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { KEY_FILES, readSecret, requireListed } from "./keys.ts";
import type { Log } from "./log.ts";
import type { Parties } from "./parties.ts";

/** Longest wait for a link that is not up: less than a session's, so that the reason is told. */
const LINK_PATIENCE_MS = 9_000;

/** Whom each role dials; everybody else dials it. */
export function dialled(role: NodeRole, parties: Parties): string[] {
  const { bureaus, supervisor } = parties;
  switch (role) {
    case "bureau-a":
      return [];
    case "bureau-b":
      return [bureaus.a];
    case "bank":
      return [bureaus.a, bureaus.b, supervisor];
    case "platform":
    case "supervisor":
      return [bureaus.a, bureaus.b];
  }
}

export interface LinksOptions {
  readonly config: NodeConfig;
  readonly parties: Parties;
  readonly log: Log;
  /** Takes each link as it comes up, whoever dialled. */
  readonly attach: (link: Link) => void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #dialers = new Map<PartyName, Dialer>();
  readonly #accepted = new Map<PartyName, Link>();
  readonly #waiting = new Map<PartyName, Set<(link: Link) => void>>();
  #listener: Listener | undefined;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Listens and dials. Throws `SetupError` when the address cannot be had or the identity is unfit. */
  async start(): Promise<void> {
    const { config, parties, log } = this.#options;
    const identity = readIdentity(config, parties);
    const report = (event: TransportEvent): void => logEvent(log, event);
    if (config.listen !== undefined) {
      this.#listener = await listen({
        identity,
        address: config.listen,
        peers: () => parties.pinned,
        onLink: (link) => this.#accept(link),
        log: report,
      }).catch(asSetupError);
      publish(config, this.#listener.address);
    }
    for (const name of dialled(config.role, parties)) {
      const peer = parties.pinned.get(name);
      if (peer === undefined) throw new SetupError(`${name} has no certificate in the roster`);
      const dialer = keepLinked({
        peer: name,
        connect: async (signal) =>
          dial({ identity, peer, address: addressOf(config, parties, name), signal }),
        clock: systemClock,
        rng: osRng,
        onLink: (link) => this.#arrived(link),
        log: report,
      });
      this.#dialers.set(name, dialer);
    }
  }

  /** Where this node listens, if it does. */
  get address(): Address | undefined {
    return this.#listener?.address;
  }

  /** The link to a party, or the next one that comes up within some seconds. */
  linkTo(name: PartyName): Promise<Link> {
    const dialer = this.#dialers.get(name);
    if (dialer !== undefined) return dialer.link(LINK_PATIENCE_MS).catch(asLost);
    const link = this.#accepted.get(name);
    return link === undefined ? this.#upcoming(name) : Promise.resolve(link);
  }

  /** Each peer of this node and how the connection stands, in words. */
  get states(): Record<PartyName, string> {
    const dialled = [...this.#dialers].map(([name, { state }]) => [
      name,
      "reason" in state && state.reason ? `${state.phase}: ${state.reason}` : state.phase,
    ]);
    const accepted = [...this.#accepted.keys()].map((name) => [name, "up"]);
    return Object.fromEntries([...dialled, ...accepted]);
  }

  async close(): Promise<void> {
    for (const dialer of this.#dialers.values()) dialer.close();
    await this.#listener?.close();
    if (this.#listener !== undefined) rmSync(addressFile(this.#options.config), { force: true });
  }

  #accept(link: Link): void {
    const { peer } = link;
    this.#accepted.get(peer)?.close(); // the newer one counts: the older may be half-open
    this.#accepted.set(peer, link);
    void link.ended.then(() => {
      if (this.#accepted.get(peer) === link) this.#accepted.delete(peer);
    });
    this.#arrived(link);
  }

  /** Also those that this node dials have been waited for: by a role that began before `start`. */
  #arrived(link: Link): void {
    this.#options.attach(link);
    for (const resolve of this.#waiting.get(link.peer) ?? []) resolve(link);
    this.#waiting.delete(link.peer);
  }

  #upcoming(name: PartyName): Promise<Link> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const timer = setTimeout(() => {
        waiting.delete(settle);
        reject(new LinkError("lost", name, `${name} is not connected`));
      }, LINK_PATIENCE_MS);
      timer.unref();
      const settle = (link: Link): void => {
        clearTimeout(timer);
        resolve(link);
      };
      waiting.add(settle);
    });
  }
}

/** Nobody was there to be late: a link that never came up is not an answer that never came. */
function asLost(error: unknown): never {
  if (error instanceof LinkError && error.code === "deadline")
    throw new LinkError("lost", error.peer, error.message);
  throw error;
}

function readIdentity(config: NodeConfig, parties: Parties): TlsIdentity {
  const privateKey = readSecret(config.keys, KEY_FILES.tlsKey);
  const pem = readPublic(join(config.keys, KEY_FILES.tlsCertificate));
  const certificate = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const listed = parties.pinned.get(config.name)?.certificate;
  requireListed(config, KEY_FILES.tlsCertificate, certificate, listed);
  const identity = { name: config.name, certificate, privateKey };
  try {
    checkIdentity(identity);
  } catch (error) {
    asSetupError(error);
  }
  return identity;
}

function readPublic(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`certificate ${file} cannot be read (${code})`);
  }
}

/** Every reason for which the transport does not start is one that an operator can mend. */
function asSetupError(error: unknown): never {
  throw new SetupError(error instanceof Error ? error.message : "cannot listen");
}

/** `port` 0 in the roster means: the port that the party published on this machine. */
function addressOf(config: NodeConfig, parties: Parties, name: string): Address {
  const { address } = parties.get(name);
  if (address === undefined) throw new SetupError(`${name} has no address in the roster`);
  const url = new URL(address.startsWith("wss://") ? address : `wss://${address}`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // URL leaves out the scheme's own port, and "host:0" keeps its zero.
  const port = url.port === "" ? 443 : Number(url.port);
  if (port !== 0) return { host, port };
  try {
    const published = readFileSync(join(config.run, `${name}.port`), "utf8");
    return { host, port: Number(published.trim()) };
  } catch {
    throw new LinkError("lost", name, `${name} does not run on this machine`);
  }
}

function addressFile(config: NodeConfig): string {
  return join(config.run, `${config.name}.port`);
}

/** Written beside and renamed, so that nobody reads half a number. */
function publish(config: NodeConfig, { port }: Address): void {
  mkdirSync(config.run, { recursive: true, mode: 0o700 });
  const file = addressFile(config);
  writeFileSync(`${file}.new`, `${port}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function logEvent(log: Log, event: TransportEvent): void {
  const { kind, ...facts } = event;
  if (kind === "refused" || kind === "dial-failed") log.warn(facts, kind);
  else log.info(facts, kind);
}
