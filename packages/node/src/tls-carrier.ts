/** Links between processes: WebSockets in TLS 1.3, each side's certificate pinned by the roster. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Link, LinkError } from "@moiety/kit";
import {
  type Address,
  checkIdentity,
  dial,
  isPinned,
  type Listener,
  listen,
  type TlsIdentity,
  type TransportEvent,
} from "@moiety/transport";
import type { Carrier } from "./carrier.ts";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { KEY_FILES, readSecret, requireListed } from "./keys.ts";
import type { Parties } from "./parties.ts";
import { readCertificate, takeRenewed } from "./renewal.ts";

export class TlsCarrier implements Carrier {
  readonly #config: NodeConfig;
  readonly #parties: Parties;
  readonly #clock: Clock;
  readonly #identity: TlsIdentity;
  readonly clocksAhead = new Map<string, number>();
  #listener: Listener | undefined;

  /** Throws `SetupError` when this node's key or certificate cannot be used. */
  constructor(config: NodeConfig, parties: Parties, clock: Clock) {
    this.#config = config;
    this.#parties = parties;
    this.#clock = clock;
    takeRenewed(config, parties);
    this.#identity = readIdentity(config, parties);
  }

  async listen(
    onLink: (link: Link) => void,
    report: (event: TransportEvent) => void,
  ): Promise<Address> {
    const { listen: address } = this.#config;
    if (address === undefined) throw new SetupError(`${this.#config.file}: listen: is missing`);
    this.#listener = await listen({
      identity: this.#identity,
      address,
      peers: () => this.#parties.pinned,
      onLink,
      clock: this.#clock,
      log: report,
    }).catch(asSetupError);
    publish(this.#config, this.#listener.address);
    return this.#listener.address;
  }

  async dial(name: string, signal: AbortSignal): Promise<Link> {
    const peer = this.#parties.pinned.get(name);
    if (peer === undefined) throw new SetupError(`${name} has no certificate in the roster`);
    const address = addressOf(this.#config, this.#parties, name);
    return dial({
      identity: this.#identity,
      peer,
      address,
      current: () => this.#parties.pinned.get(name),
      clock: this.#clock,
      signal,
      onClockAhead: (aheadMs) => this.clocksAhead.set(name, aheadMs),
    });
  }

  async close(): Promise<void> {
    await this.#listener?.close();
    if (this.#listener !== undefined) rmSync(addressFile(this.#config), { force: true });
  }
}

export function readIdentity(config: NodeConfig, parties: Parties): TlsIdentity {
  const privateKey = readSecret(config.keys, KEY_FILES.tlsKey);
  const certificate = readCertificate(join(config.keys, KEY_FILES.tlsCertificate));
  const pinned = parties.pinned.get(config.name);
  if (pinned === undefined || !isPinned(pinned, certificate))
    requireListed(config, KEY_FILES.tlsCertificate, certificate, pinned?.certificate);
  const identity = { name: config.name, certificate, privateKey };
  try {
    checkIdentity(identity);
  } catch (error) {
    asSetupError(error);
  }
  return identity;
}

/** Every reason for which the transport does not start is one that an operator can mend. */
function asSetupError(error: unknown): never {
  throw new SetupError(error instanceof Error ? error.message : "cannot listen");
}

/** `port` 0 in the roster means: the port that the party published on this machine. */
export function addressOf(config: NodeConfig, parties: Parties, name: string): Address {
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
