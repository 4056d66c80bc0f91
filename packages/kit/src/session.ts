/** A run of a protocol over channels: turns, deadlines, failures, transcript, metering. */
import { framedHash, type Rng } from "@moiety/crypto";
import { WireError } from "./codec.ts";
import {
  Misbehaviour,
  ProtocolError,
  type ProtocolErrorCode,
  Refusal,
  resetCodeFor,
} from "./errors.ts";
import { type Channel, type Clock, LinkError, type PartyName } from "./link.ts";
import { decode, encodeAfter } from "./msgpack.ts";
import { FRAME_HEADER_BYTES, PeerStream } from "./peer-stream.ts";
import { ScanError } from "./prescan.ts";
import type { MessageSpec, Messages, Protocol, Session } from "./protocol.ts";

/** What a session sent, by message name: the measured side of `Protocol.cost`. */
export type Meter = Record<string, { count: number; bytes: number }>;

export interface SessionSetup {
  readonly protocol: Protocol;
  readonly role: string;
  readonly id: Uint8Array;
  readonly self: PartyName;
  readonly parties: Readonly<Record<string, PartyName>>;
  /** Channels by the role of the peer at the other end. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly rng: Rng;
  readonly clock: Clock;
}

/** The session of one party. Roles see it as `Session`. */
export class ChannelSession implements Session<Messages, string> {
  readonly id: Uint8Array;
  readonly role: string;
  readonly rng: Rng;
  /** What this side sent, and what it took in. */
  readonly meter: Meter = {};
  readonly taken: Meter = {};
  readonly #setup: SessionSetup;
  readonly #tags: readonly string[];
  readonly #peers = new Map<string, PeerStream>();
  readonly #awaited = new Set<PartyName>();
  #step = "opening";
  #failure: ProtocolError | undefined;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.id = setup.id;
    this.role = setup.role;
    this.rng = setup.rng;
    this.#tags = Object.keys(setup.protocol.messages);
    const seed = this.context("transcript");
    const chainOf = (from: string): Uint8Array =>
      framedHash("moiety/transcript/direction", seed, Buffer.from(from));
    const kept = setup.protocol.transcripts !== false;
    for (const [role, channel] of setup.channels)
      this.#peers.set(
        role,
        new PeerStream({
          channel,
          clock: setup.clock,
          limits: setup.protocol.limits,
          chains: kept ? { sent: chainOf(setup.role), received: chainOf(role) } : undefined,
          accuse: (code, detail) => this.#error(channel.peer, code, detail),
        }),
      );
  }

  /** Name of the protocol that is run. */
  get protocol(): string {
    return this.#setup.protocol.name;
  }

  party(role: string): PartyName {
    const { parties, protocol } = this.#setup;
    const party = Object.hasOwn(parties, role) ? parties[role] : undefined;
    if (party === undefined) throw new TypeError(`${protocol.name} has no role ${role}`);
    return party;
  }

  context(label: string): Uint8Array {
    const { name, version, roles } = this.#setup.protocol;
    const parties = roles.map((role) => Buffer.from(`${role}=${this.party(role)}`));
    return framedHash(`moiety/${name}/${version}/${label}`, this.id, ...parties);
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
    // Not with the code that the peer gave: others would take it for this side's word.
    for (const { name, failure } of this.#peers.values())
      if (failure !== undefined)
        throw this.#failed(
          this.#error(name, failure.code === "lost" ? "lost" : "aborted", failure.message),
        );
  }

  send(to: string, name: string, body: unknown): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { protocol } = this.#setup;
    const spec = this.#spec(name);
    if (!spec.from.includes(this.role) || !spec.to.includes(to))
      throw new TypeError(`${protocol.name}: ${this.role} may not send ${name} to ${to}`);
    this.#step = name;
    const frame = encodeAfter(FRAME_HEADER_BYTES, spec.body.toWire(body, name));
    const sent = this.#peer(to).push(this.#tags.indexOf(name), name, frame);
    tally(this.meter, name, sent);
  }

  async receive(from: string, name: string, withinMs?: number): Promise<never> {
    if (this.#failure !== undefined) throw this.#failure;
    const { protocol } = this.#setup;
    const patience = withinMs ?? protocol.limits.receiveMs;
    const peer = this.#peer(from);
    const spec = this.#spec(name);
    if (!spec.from.includes(from) || !spec.to.includes(this.role))
      throw new TypeError(`${protocol.name}: ${from} never sends ${name} to ${this.role}`);
    this.#step = name;
    this.#awaited.add(peer.name);
    try {
      const frame = await peer.next(this.#flushAll(), patience);
      this.#step = name;
      tally(this.taken, name, frame.length);
      return this.#open(peer, frame, name, spec) as never;
    } catch (error) {
      throw this.#failed(error);
    } finally {
      this.#awaited.delete(peer.name);
    }
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#flushAll();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  transcript(role: string): Uint8Array {
    const { name, roles } = this.#setup.protocol;
    const digests = this.#peer(role).digests();
    if (digests === undefined) throw new TypeError(`${name} declares that it keeps no transcripts`);
    const { sent, received } = digests;
    const first = roles.indexOf(this.role) < roles.indexOf(role);
    return framedHash("moiety/transcript", ...(first ? [sent, received] : [received, sent]));
  }

  /**
   * Runs a role to its end: flushes and closes in order, or resets every channel and throws
   * `ProtocolError`. A failure stands even when the role swallows it.
   */
  async run<Output>(role: () => Promise<Output>): Promise<Output> {
    const { clock, protocol } = this.#setup;
    const { totalMs } = protocol.limits;
    const cancel = totalMs === undefined ? () => {} : clock.after(totalMs, () => this.#overdue());
    try {
      if (this.#failure !== undefined) throw this.#failure;
      const output = await role();
      await this.flush();
      if (this.#failure !== undefined) throw this.#failure;
      for (const peer of this.#peers.values()) peer.close();
      return output;
    } catch (error) {
      throw this.#failed(error);
    } finally {
      cancel();
    }
  }

  /** Ends the session at once; the first failure is the one that counts. */
  fail(error: ProtocolError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const peer of this.#peers.values()) peer.reset(resetCodeFor(error));
  }

  /** Fails the session for a reason of this side's own. */
  abandon(detail: string): void {
    this.fail(this.#error(this.#setup.self, "aborted", detail));
  }

  /** While one peer makes this side wait, all are read, so that none waits for this side. */
  async #flushAll(): Promise<void> {
    const peers = [...this.#peers.values()];
    const busy = peers.some((peer) => peer.pending);
    const stops = busy ? peers.map((peer) => peer.readAhead()) : [];
    try {
      await Promise.all(peers.map((peer) => peer.flush()));
    } finally {
      for (const stop of stops) stop();
    }
  }

  #open(peer: PeerStream, frame: Uint8Array, name: string, spec: MessageSpec): unknown {
    const body = peer.open(frame, this.#tags.indexOf(name));
    try {
      return spec.body.fromWire(decode(body), name);
    } catch (error) {
      if (error instanceof ScanError || error instanceof WireError)
        throw this.#error(peer.name, "malformed", error.message);
      throw error;
    }
  }

  #overdue(): void {
    const { self, protocol } = this.#setup;
    const [awaited] = this.#awaited; // whoever is waited for; nobody while this side computes
    const detail = `not done after ${protocol.limits.totalMs} ms`;
    this.fail(this.#error(awaited ?? self, "deadline", detail));
  }

  #peer(role: string): PeerStream {
    const peer = this.#peers.get(role);
    if (peer === undefined)
      throw new TypeError(`${this.#setup.protocol.name}: ${this.role} has no channel to ${role}`);
    return peer;
  }

  #spec(name: string): MessageSpec {
    const { messages } = this.#setup.protocol;
    const spec = Object.hasOwn(messages, name) ? messages[name] : undefined;
    if (spec === undefined) throw new TypeError(`no message ${name}`);
    return spec;
  }

  #error(party: PartyName, code: ProtocolErrorCode, detail: string, cause?: unknown) {
    const culprit = { party, protocol: this.#setup.protocol.name, step: this.#step, code };
    return new ProtocolError(culprit, detail, cause);
  }

  /** Ends the session for what was thrown; returns the failure that counts. */
  #failed(error: unknown): ProtocolError {
    const failure = this.#failure ?? this.#named(error);
    this.fail(failure);
    return failure;
  }

  /** Puts a name to what was thrown: who, in which step, and of which class. */
  #named(error: unknown): ProtocolError {
    if (error instanceof ProtocolError) return error;
    if (error instanceof Misbehaviour) return this.#error(error.party, error.code, error.message);
    if (error instanceof LinkError)
      return this.#error(error.peer, error.code === "done" ? "aborted" : error.code, error.message);
    const { self } = this.#setup;
    if (error instanceof Refusal) return this.#error(self, error.code, error.message);
    const detail = error instanceof Error ? error.message : "unknown";
    return this.#error(self, "internal", detail, error);
  }
}

function tally(meter: Meter, name: string, sent: number): void {
  const { count, bytes } = meter[name] ?? { count: 0, bytes: 0 };
  meter[name] = { count: count + 1, bytes: bytes + sent };
}
