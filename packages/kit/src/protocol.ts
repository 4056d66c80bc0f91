/**
 * How a protocol is declared: its roles, its messages with their direction, its limits, its cost.
 */
import type { Rng } from "@moiety/crypto";
import { type Codec, nameText } from "./codec.ts";
import { MAX_TIMER_MS } from "./link.ts";

/** Most roles of one protocol: an opening names a party for each. */
export const MAX_ROLES: number = 8;
/** Most messages of one protocol. */
export const MAX_MESSAGES: number = 64;

/** A declared message: who may send it to whom, and what it may hold. */
export interface MessageSpec<
  From extends string = string,
  To extends string = string,
  Body = unknown,
> {
  readonly from: readonly From[];
  readonly to: readonly To[];
  readonly body: Codec<Body>;
}

/**
 * Declares a message. `message("client", ["a", "b"], body)`: a client sends it to either bureau.
 */
export function message<const From extends string, const To extends string, Body>(
  from: From | readonly From[],
  to: To | readonly To[],
  body: Codec<Body>,
): MessageSpec<From, To, Body> {
  return { from: [from].flat() as From[], to: [to].flat() as To[], body };
}

export type Messages = Readonly<Record<string, MessageSpec>>;
export type BodyOf<S> = S extends MessageSpec<string, string, infer Body> ? Body : never;

/** Names of the messages that may go from `From` to `To` (each may be a union of roles). */
export type Between<M extends Messages, From extends string, To extends string> = {
  [K in keyof M]: [From] extends [M[K]["from"][number]]
    ? [To] extends [M[K]["to"][number]]
      ? K
      : never
    : never;
}[keyof M] &
  string;

/** Bytes and rounds of one run, counting whole frames (5 bytes of header and the encoded body). */
export interface Cost {
  /** Per message name: how many are sent in all, and their bytes together. */
  readonly messages: Readonly<Record<string, { readonly count: number; readonly bytes: number }>>;
  /** Length of the longest chain of messages each of which had to wait for the one before. */
  readonly rounds: number;
}

export interface Limits {
  /** Longest wait for one message, milliseconds; a silent peer is cut off then. */
  readonly receiveMs: number;
  /** Longest life of a whole session, milliseconds; absent where a session lives with its link. */
  readonly totalMs?: number;
  /** Most bytes that this side takes from one peer in one session. */
  readonly receivedBytes: number;
}

export interface Protocol<
  Role extends string = string,
  M extends Messages = Messages,
  Parameters = never,
> {
  readonly name: string;
  readonly version: number;
  /** In the order in which they open channels: an earlier role opens towards a later one. */
  readonly roles: readonly Role[];
  readonly messages: M;
  readonly limits: Limits;
  /** False where no role asks for a transcript: none is kept then, which costs a hash of every byte. */
  readonly transcripts?: false;
  /** What one run with these parameters sends, exactly. */
  cost(parameters: Parameters): Cost;
}

/**
 * Declares a protocol; throws `RangeError` for what types cannot check: names that fit the wire,
 * messages that join two declared roles, limits that a timer can hold, and that every role but the
 * first has somebody before it who opens a channel, without whom it would never start.
 */
export function defineProtocol<
  const Role extends string,
  M extends Readonly<Record<string, MessageSpec<Role, Role>>>,
  Parameters,
>(protocol: Protocol<Role, M, Parameters>): Protocol<Role, M, Parameters> {
  const plain = protocol as unknown as Protocol;
  const { name, version, roles, messages, limits } = plain;
  const demand = (sound: boolean, what: string): void => {
    if (!sound) throw new RangeError(`${name}: ${what}`);
  };
  demand([name, ...roles].every(isName), "a name that the wire does not carry");
  demand(Number.isInteger(version) && version >= 0 && version <= 0xffff, "no such version");
  demand(roles.length >= 2 && roles.length <= MAX_ROLES, `2..${MAX_ROLES} roles`);
  demand(new Set(roles).size === roles.length, "a role is declared twice");
  demand(Object.keys(messages).length <= MAX_MESSAGES, `more than ${MAX_MESSAGES} messages`);
  for (const [message, { from, to }] of Object.entries(messages)) {
    for (const role of [...from, ...to])
      demand(roles.includes(role), `message ${message} names the unknown role ${role}`);
    const joins = from.some((role) => to.some((other) => other !== role));
    demand(joins, `message ${message} joins no two roles`);
  }
  for (const [index, role] of roles.entries())
    demand(
      index === 0 || neighbours(plain, role).some((other) => roles.indexOf(other) < index),
      `${role} exchanges nothing with an earlier role, so nobody starts it`,
    );
  for (const ms of [limits.receiveMs, limits.totalMs ?? 1])
    demand(ms > 0 && ms <= MAX_TIMER_MS, `a limit of ${ms} ms`);
  demand(limits.receivedBytes > 0, `a limit of ${limits.receivedBytes} bytes`);
  return protocol;
}

function isName(name: string): boolean {
  try {
    nameText.toWire(name, "name");
    return true;
  } catch {
    return false;
  }
}

/** A session of protocol `P` as seen by role `R`. */
export type SessionOf<P, R extends string> =
  P extends Protocol<string, infer M, never> ? Session<M, R> : never;

/** What a role sees of a protocol run. */
export interface Session<M extends Messages, R extends string> {
  /** 16 bytes, chosen by the initiator; every hash and key derivation of the run is bound to it. */
  readonly id: Uint8Array;
  readonly role: R;
  /** The party that plays `role`; throws `TypeError` for a role that the protocol does not have. */
  party(role: string): string;
  /** The only source of randomness that a role may draw from. */
  readonly rng: Rng;
  /** Binds a hash or key to protocol, version, session, parties: 32 bytes. Differs per `label`. */
  context(label: string): Uint8Array;
  /**
   * Throws `ProtocolError` if the session has failed, or a peer has left it: before something is spent
   * that can be spent once. The code is `lost` or `aborted`, whatever the peer gave as its reason.
   */
  check(): void;
  /** Queues a message; it leaves before the next `receive` or when the role ends. */
  send<To extends string, K extends Between<M, R, To>>(to: To, name: K, body: BodyOf<M[K]>): void;
  /**
   * Waits for the next message from `from`, which must be `name`; `withinMs` overrides the
   * protocol's `receiveMs` where a peer may rightly be silent (`Infinity`: as long as the link
   * lives).
   */
  receive<From extends string, K extends Between<M, From, R>>(
    from: From,
    name: K,
    withinMs?: number,
  ): Promise<BodyOf<M[K]>>;
  /**
   * Sends what is queued; resolves under back-pressure. Roles that stream call it, others need not.
   */
  flush(): Promise<void>;
  /**
   * Digest of everything sent and received so far on the channel with `peer`, the same on both
   * sides when both have seen the same bytes. Queued messages count. Throws `TypeError` where the protocol
   * declares that it keeps none.
   */
  transcript(peer: string): Uint8Array;
}

/** The same run seen as a sub-protocol whose messages are all among this protocol's. */
export function narrow<M extends Messages, R extends string>(
  session: Session<Messages & M, R>,
): Session<M, R> {
  return session as unknown as Session<M, R>;
}

/** Roles that exchange messages with `role`. */
export function neighbours(protocol: Protocol, role: string): string[] {
  const specs = Object.values(protocol.messages);
  return protocol.roles.filter(
    (other) =>
      other !== role &&
      specs.some(
        (spec) =>
          (spec.from.includes(role) && spec.to.includes(other)) ||
          (spec.from.includes(other) && spec.to.includes(role)),
      ),
  );
}

/** A role: a straight line of sends and receives that ends with an output. */
export type RoleOf<P, R extends string, Input, Output> = (
  session: SessionOf<P, R>,
  input: Input,
) => Promise<Output>;
