/** Brings together the channels of sessions that others open. */
import { Refusal } from "./errors.ts";
import type { Opening } from "./handshake.ts";
import type { Channel, Clock, PartyName, ResetCode } from "./link.ts";
import { neighbours, type Protocol } from "./protocol.ts";
import type { Service } from "./service.ts";

/** Longest wait for the other channels of a session once its first one is there, milliseconds. */
export const ASSEMBLY_MS: number = 10_000;
/**
 * Sessions of one initiator towards which one peer may have opened a channel here at a time, over all
 * protocols. A peer that relays for several initiators has as many for each: none shuts out others.
 */
export const MAX_SESSIONS_PER_PEER: number = 64;
/** Session ids remembered, to refuse one that comes a second time. */
const REMEMBERED_IDS = 1 << 16;

/** A session that others opened; `channels` by the role of the opener. */
export interface Gathering {
  readonly id: Uint8Array;
  readonly service: Service;
  readonly parties: Readonly<Record<string, PartyName>>;
  readonly channels: ReadonlyMap<string, Channel>;
}

interface Incomplete extends Gathering {
  readonly channels: Map<string, Channel>;
  readonly awaited: Set<string>;
  readonly cancel: () => void;
}

export class Assembly {
  readonly #self: PartyName;
  readonly #clock: Clock;
  readonly #onTimeout: (gathering: Gathering, missing: PartyName) => void;
  readonly #incomplete = new Map<string, Incomplete>();
  readonly #seen = new Set<string>();
  /** Sessions by `accountOf`. */
  readonly #load = new Map<string, number>();

  constructor(
    self: PartyName,
    clock: Clock,
    onTimeout: (gathering: Gathering, missing: PartyName) => void,
  ) {
    this.#self = self;
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  /**
   * Adds a channel to its session; returns the session once it is complete, which then counts for
   * its openers until `release`. Throws `Refusal`.
   */
  join(service: Service, opening: Opening, channel: Channel): Gathering | undefined {
    const parties = partiesOf(service.protocol, opening);
    const from = service.protocol.roles.find((role) => parties[role] === channel.peer);
    if (parties[service.role] !== this.#self || from === undefined)
      throw new Refusal("refused", "the opening names other parties than the two on this link");
    if (!earlier(service.protocol, service.role).includes(from))
      throw new Refusal("refused", `${from} has no channel to open here`);
    const account = accountOf(service.protocol, parties, channel.peer);
    if ((this.#load.get(account) ?? 0) >= MAX_SESSIONS_PER_PEER)
      throw new Refusal("busy", `${channel.peer} has ${MAX_SESSIONS_PER_PEER} sessions here`);
    const gathering = this.#gatheringFor(service, parties, opening.session);
    if (!gathering.awaited.delete(from))
      throw new Refusal("refused", `${from} has opened its channel already`);
    gathering.channels.set(from, channel);
    this.#count(account, 1);
    if (gathering.awaited.size > 0) return undefined;
    this.#forget(gathering);
    return gathering;
  }

  /** The session is over: it no longer counts for its openers. */
  release(gathering: Gathering): void {
    const { service, parties, channels } = gathering;
    for (const { peer } of channels.values())
      this.#count(accountOf(service.protocol, parties, peer), -1);
  }

  /** Turns away all that is incomplete. */
  close(): void {
    for (const gathering of this.#incomplete.values()) this.#dissolve(gathering, "aborted");
  }

  #gatheringFor(
    service: Service,
    parties: Readonly<Record<string, PartyName>>,
    id: Uint8Array,
  ): Incomplete {
    const key = sessionKey(id);
    const known = this.#incomplete.get(key);
    if (known !== undefined) {
      const same =
        known.service === service &&
        service.protocol.roles.every((role) => known.parties[role] === parties[role]);
      if (!same) throw new Refusal("refused", "the session is known with other parties");
      return known;
    }
    if (this.#seen.has(key)) throw new Refusal("refused", "the session id was used before");
    this.#remember(key);
    const gathering: Incomplete = {
      id,
      service,
      parties,
      channels: new Map(),
      awaited: new Set(earlier(service.protocol, service.role)),
      cancel: this.#clock.after(ASSEMBLY_MS, () => this.#giveUp(gathering)),
    };
    this.#incomplete.set(key, gathering);
    return gathering;
  }

  #giveUp(gathering: Incomplete): void {
    const [missing] = gathering.awaited;
    this.#dissolve(gathering, "deadline");
    this.#onTimeout(gathering, gathering.parties[missing as string] as string);
  }

  #dissolve(gathering: Incomplete, code: ResetCode): void {
    this.#forget(gathering);
    this.release(gathering);
    for (const channel of gathering.channels.values()) channel.reset(code);
  }

  #forget(gathering: Incomplete): void {
    gathering.cancel();
    this.#incomplete.delete(sessionKey(gathering.id));
  }

  #remember(key: string): void {
    this.#seen.add(key);
    if (this.#seen.size <= REMEMBERED_IDS) return;
    const [oldest] = this.#seen;
    this.#seen.delete(oldest as string);
  }

  #count(account: string, change: 1 | -1): void {
    const load = (this.#load.get(account) ?? 0) + change;
    if (load === 0) this.#load.delete(account);
    else this.#load.set(account, load);
  }
}

/** For whom a channel counts: the peer that opened it, and the party that started the session. */
function accountOf(
  protocol: Protocol,
  parties: Readonly<Record<string, PartyName>>,
  peer: PartyName,
): string {
  return `${peer} for ${parties[protocol.roles[0] as string]}`;
}

function partiesOf(protocol: Protocol, { parties }: Opening): Record<string, PartyName> {
  if (parties.length !== protocol.roles.length || new Set(parties).size !== parties.length)
    throw new Refusal("refused", "the opening does not name one party per role");
  return Object.fromEntries(protocol.roles.map((role, i) => [role, parties[i] as string]));
}

/** Neighbours that open towards `role`: those declared before it. */
function earlier(protocol: Protocol, role: string): string[] {
  const at = protocol.roles.indexOf(role);
  return neighbours(protocol, role).filter((other) => protocol.roles.indexOf(other) < at);
}

function sessionKey(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
