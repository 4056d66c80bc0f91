/** Joins links and roles: opens sessions, and plays this node's roles in those that others open. */
import { osRng, type Rng } from "@moiety/crypto";
import { ASSEMBLY_MS, Assembly, type Gathering } from "./assembly.ts";
import { WireError } from "./codec.ts";
import { within } from "./deadline.ts";
import { ProtocolError, type ProtocolErrorCode, Refusal, resetCodeFor } from "./errors.ts";
import {
  afterWelcome,
  chooseWireVersion,
  decodeOpening,
  encodeOpening,
  type Opening,
  receiveWelcome,
  WIRE_VERSIONS,
  welcome,
} from "./handshake.ts";
import {
  type Channel,
  type Clock,
  type Link,
  LinkError,
  type PartyName,
  systemClock,
} from "./link.ts";
import { ScanError } from "./prescan.ts";
import { type Messages, neighbours, type Protocol, type Session } from "./protocol.ts";
import type { Service } from "./service.ts";
import { ChannelSession } from "./session.ts";

export interface SwitchboardOptions {
  readonly self: PartyName;
  /** The current link to a party, or one that comes up; waited for as long as for an assembly. */
  readonly linkTo: (party: PartyName) => Promise<Link>;
  readonly rng?: Rng;
  readonly clock?: Clock;
  /** Told of every session that ended in failure, and of every opening that was turned away. */
  readonly onFailure?: (error: ProtocolError) => void;
  /** Told of every session that ended, well or not: who wants to account for its bytes. */
  readonly onEnd?: (session: ChannelSession, end: SessionEnd) => void;
  readonly wireVersions?: readonly number[];
}

/** How a session ended. */
export interface SessionEnd {
  /** Time from its last channel's opening to its end. */
  readonly durationMs: number;
  /** Absent when it ended well. */
  readonly failure?: ProtocolErrorCode;
}

/** Who runs what with whom: what an opening says, from this side. */
interface Cast {
  readonly protocol: Protocol;
  readonly role: string;
  readonly parties: Readonly<Record<string, PartyName>>;
  readonly id: Uint8Array;
}

export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #rng: Rng;
  readonly #clock: Clock;
  readonly #wire: readonly number[];
  readonly #services = new Map<string, Service>();
  readonly #assembly: Assembly;
  readonly #running = new Set<ChannelSession>();
  readonly #negotiated = new WeakMap<Link, number>();
  #closed = false;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#rng = options.rng ?? osRng;
    this.#clock = options.clock ?? systemClock;
    this.#wire = options.wireVersions ?? WIRE_VERSIONS;
    this.#assembly = new Assembly(options.self, this.#clock, ({ service }, missing) =>
      this.#report(
        new ProtocolError(
          { party: missing, protocol: service.protocol.name, step: "opening", code: "deadline" },
          `opened no channel within ${ASSEMBLY_MS} ms of the session's first`,
        ),
      ),
    );
  }

  serve(...services: readonly Service[]): void {
    for (const each of services) {
      const key = serviceKey(each.protocol.name, each.protocol.version);
      if (this.#services.has(key)) throw new TypeError(`${key} is served already`);
      this.#services.set(key, each);
    }
  }

  /** Takes the channels that the peer of this link opens. */
  attach(link: Link): void {
    link.onChannel((channel) => {
      try {
        this.#accept(channel);
      } catch (error) {
        this.#turnAway([channel], channel.peer, error);
      }
    });
  }

  /**
   * Runs `role`, the first of `protocol`, as the initiator of a session with the given parties.
   * Throws `ProtocolError`; the culprit is named.
   */
  async run<Role extends string, M extends Messages, R extends Role, Output>(
    protocol: Protocol<Role, M, never>,
    role: R,
    parties: Readonly<Record<Role, PartyName>>,
    play: (session: Session<M, R>) => Promise<Output>,
  ): Promise<Output> {
    const plain = protocol as unknown as Protocol;
    if (role !== plain.roles[0])
      throw new TypeError(
        `${plain.name}: sessions are opened by ${plain.roles[0]}, not by ${role}`,
      );
    if (parties[role] !== this.#options.self)
      throw new TypeError(`${plain.name}: ${role} is ${parties[role]}, not this node`);
    const cast = { protocol: plain, role, parties, id: this.#rng.bytes(16) };
    const channels = await this.#openAll(cast, neighbours(plain, role));
    const session = this.#session(cast, channels);
    return this.#track(session, () => play(session as unknown as Session<M, R>));
  }

  /** Fails all running sessions and takes no more. */
  close(): void {
    this.#closed = true;
    this.#assembly.close();
    for (const session of this.#running) session.abandon(SHUTTING_DOWN);
  }

  /** Sessions under way, for status pages. */
  get running(): ReadonlySet<ChannelSession> {
    return this.#running;
  }

  #accept(channel: Channel): void {
    const opening = decodeOpening(channel.opening);
    const wire = this.#chosenWire(opening, channel.peer);
    const found = this.#services.get(serviceKey(opening.protocol, opening.version));
    // Not "unsupported": whoever asks again in a moment reaches this node after its restart.
    if (this.#closed) throw new Refusal("busy", SHUTTING_DOWN);
    if (found === undefined)
      throw new Refusal("unsupported", `${opening.protocol}/${opening.version} is not served here`);
    const complete = this.#assembly.join(found, opening, channel);
    if (complete !== undefined && !this.#admitted(complete)) return;
    void welcome(channel, wire).catch(() => {}); // a lost channel shows at its next receive
    if (complete !== undefined) void this.#begin(complete);
  }

  #chosenWire(opening: Opening, peer: PartyName): number {
    const wire = chooseWireVersion(opening.wire, this.#wire);
    if (wire !== undefined) return wire;
    const [theirs, ours] = [opening.wire.join(", "), this.#wire.join(", ")];
    const versions = `speaks wire version ${theirs}, this node ${ours}`;
    throw new LinkError("wire-version", peer, `${versions}; upgrade the older node`);
  }

  #admitted(gathering: Gathering): boolean {
    const { service, parties, channels } = gathering;
    try {
      service.admit(parties);
      return true;
    } catch (error) {
      this.#assembly.release(gathering);
      this.#turnAway([...channels.values()], initiatorOf(gathering), error);
      return false;
    }
  }

  /** Plays this node's role in a session that others opened. Never rejects. */
  async #begin(gathering: Gathering): Promise<void> {
    const { service, channels } = gathering;
    const cast = { ...gathering, protocol: service.protocol, role: service.role };
    try {
      const later = neighbours(cast.protocol, cast.role).filter((role) => !channels.has(role));
      const opened = await this.#openAll(cast, later);
      const session = this.#session(cast, new Map([...channels, ...opened]));
      await this.#track(session, () => service.run(session));
    } catch (error) {
      for (const channel of channels.values()) channel.reset("aborted"); // no-op where run() did
      this.#report(this.#named(error, this.#options.self, cast.protocol.name, "session"));
    } finally {
      this.#assembly.release(gathering);
    }
  }

  /** Opens a channel to each of `roles`, or to none. Throws `ProtocolError`. */
  async #openAll(cast: Cast, roles: readonly string[]): Promise<Map<string, Channel>> {
    const attempts = roles.map(async (role) => [role, await this.#open(cast, role)] as const);
    try {
      return new Map(await Promise.all(attempts));
    } catch (error) {
      for (const attempt of attempts)
        attempt.then(([, channel]) => channel.reset("aborted")).catch(() => {});
      const step = `opening as ${cast.role}`;
      throw this.#named(error, this.#options.self, cast.protocol.name, step);
    }
  }

  /** Waits for the welcome only on a link whose wire version is not settled yet. */
  async #open({ protocol, parties, id }: Cast, role: string): Promise<Channel> {
    const peer = parties[role] as PartyName;
    const late = (what: string) => (): LinkError =>
      new LinkError("deadline", peer, `${what} within ${ASSEMBLY_MS} ms`);
    const linked = this.#options.linkTo(peer);
    const link = await within(this.#clock, ASSEMBLY_MS, linked, late("no link to it came up"));
    const settled = this.#negotiated.get(link);
    const wire = settled === undefined ? [...this.#wire] : [settled];
    const { name, version, roles } = protocol;
    const names = roles.map((each) => parties[each] as string);
    const channel = link.open(
      encodeOpening({ wire, protocol: name, version, session: id, parties: names }),
    );
    if (settled !== undefined) return afterWelcome(channel, wire);
    const chosen = receiveWelcome(channel, wire);
    try {
      const answer = await within(this.#clock, ASSEMBLY_MS, chosen, late("it did not answer"));
      this.#negotiated.set(link, answer);
      return channel;
    } catch (error) {
      channel.reset("deadline"); // no-op unless it was silence
      throw error;
    }
  }

  #session(cast: Cast, channels: ReadonlyMap<string, Channel>): ChannelSession {
    const { self } = this.#options;
    return new ChannelSession({ ...cast, self, channels, rng: this.#rng, clock: this.#clock });
  }

  async #track<Output>(session: ChannelSession, play: () => Promise<Output>): Promise<Output> {
    if (this.#closed) session.abandon(SHUTTING_DOWN);
    this.#running.add(session);
    const startedAt = this.#clock.now();
    let failure: ProtocolErrorCode | undefined;
    try {
      return await session.run(play);
    } catch (error) {
      failure = error instanceof ProtocolError ? error.code : "internal";
      throw error;
    } finally {
      this.#running.delete(session);
      const durationMs = this.#clock.now() - startedAt;
      const end = { durationMs, ...(failure !== undefined && { failure }) };
      this.#tell("onEnd", () => this.#options.onEnd?.(session, end));
    }
  }

  #turnAway(channels: readonly Channel[], culprit: PartyName, error: unknown): void {
    const failure = this.#named(error, culprit, "handshake", "opening");
    for (const channel of channels) channel.reset(resetCodeFor(failure));
    this.#report(failure);
  }

  /** Puts a name to what was thrown; an error of an unknown kind is this side's own. */
  #named(error: unknown, culprit: PartyName, protocol: string, step: string): ProtocolError {
    if (error instanceof ProtocolError) return error;
    const named = (party: PartyName, code: ProtocolErrorCode, detail: string): ProtocolError =>
      new ProtocolError({ party, protocol, step, code }, detail, error);
    if (error instanceof LinkError)
      return named(error.peer, error.code === "done" ? "aborted" : error.code, error.message);
    if (error instanceof Refusal) return named(culprit, error.code, error.message);
    if (
      culprit !== this.#options.self &&
      (error instanceof WireError || error instanceof ScanError)
    )
      return named(culprit, "malformed", error.message);
    return named(
      this.#options.self,
      "internal",
      error instanceof Error ? error.message : "unknown",
    );
  }

  #report(failure: ProtocolError): void {
    this.#tell("onFailure", () => this.#options.onFailure?.(failure));
  }

  /** A log that throws changes no outcome. */
  #tell(name: string, call: () => void): void {
    try {
      call();
    } catch {
      process.emitWarning(`${name} threw: something was not reported`);
    }
  }
}

const SHUTTING_DOWN = "this node is shutting down";

function serviceKey(name: string, version: number): string {
  return `${name}/${version}`;
}

function initiatorOf({ service, parties }: Gathering): PartyName {
  return parties[service.protocol.roles[0] as string] as string;
}
