/** The parties of one run: a switchboard for each, and how each of them ended. */
import { seededRng } from "@moiety/crypto";
import {
  type ChannelSession,
  type Clock,
  type Link,
  type Messages,
  type Meter,
  type Protocol,
  ProtocolError,
  type Service,
  type Session,
  Switchboard,
  service,
} from "@moiety/kit";
import { IdleClock } from "./idle-clock.ts";
import { Ledger } from "./ledger.ts";
import { observed } from "./observed.ts";
import { type FrameTap, tapped } from "./wiretap.ts";

/** A role with its input already bound. */
export type Play = (session: Session<Messages, string>) => Promise<unknown>;

export type Outcome = { readonly output: unknown } | { readonly error: ProtocolError };

export interface BenchSetup {
  readonly protocol: Protocol;
  /** By role. */
  readonly plays: Readonly<Record<string, Play>>;
  readonly seed: string;
  readonly clock: Clock;
  readonly tap: FrameTap | undefined;
  readonly link: (self: string, peer: string) => Link;
}

export class Bench {
  readonly ledger: Ledger;
  readonly meters: Record<string, Meter> = {};
  readonly outcomes = new Map<string, Outcome>();
  /** Set once a role has begun. */
  sessionId: Uint8Array | undefined;
  readonly #setup: BenchSetup;
  readonly #done: Promise<void>;
  #resolveDone = (): void => {};
  #cancel = (): void => {};

  constructor(setup: BenchSetup) {
    this.#setup = setup;
    this.ledger = new Ledger(setup.protocol);
    this.#done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  /** Runs all roles; returns when each has ended, or after `patienceMs` of real time. */
  async run(patienceMs: number): Promise<void> {
    const { protocol } = this.#setup;
    const boards = protocol.roles.map((role) => this.#seat(role));
    const [first] = protocol.roles as [string, ...string[]];
    const parties = Object.fromEntries(protocol.roles.map((role) => [role, role]));
    const [board] = boards as [Switchboard, ...Switchboard[]];
    board
      .run(protocol, first, parties, (session) => this.#play(first, session))
      .then((output) => this.#settle(first, { output }))
      .catch((error: unknown) => this.#settle(first, { error: asProtocolError(error) }));
    await Promise.race([this.#done, this.#givenUp(patienceMs)]);
    this.#cancel();
    for (const each of boards) each.close();
  }

  /** Resolves when it is no use to wait any longer. */
  #givenUp(patienceMs: number): Promise<void> {
    const { clock } = this.#setup;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      const cancel = clock instanceof IdleClock ? clock.onStalled(resolve) : () => {};
      this.#cancel = () => {
        clearTimeout(timer);
        cancel();
      };
    });
  }

  /** The switchboard of one party, attached to its links, serving its role if others open it. */
  #seat(role: string): Switchboard {
    const { protocol, seed, clock, link } = this.#setup;
    const wiretap = { tap: this.#tap, onTraffic: this.#touch };
    const others = protocol.roles.filter((other) => other !== role);
    const links = new Map(others.map((other) => [other, tapped(link(role, other), wiretap)]));
    const board = new Switchboard({
      self: role,
      linkTo: async (peer) => links.get(peer) as Link,
      rng: seededRng(seed).fork(role),
      clock,
      onFailure: (error) => this.#settle(role, { error }),
      onEnd: (session) => this.#ended(session),
    });
    for (const each of links.values()) board.attach(each);
    if (role !== protocol.roles[0]) board.serve(this.#serviceOf(role));
    return board;
  }

  #serviceOf(role: string): Service {
    const play = async (session: Session<Messages, string>): Promise<void> => {
      this.#served.set(role, await this.#play(role, session));
    };
    return service(this.#setup.protocol, role, () => {}, play);
  }

  /** Outputs of roles whose session has not ended: their last messages may still fail to leave. */
  readonly #served = new Map<string, unknown>();

  #play(role: string, session: Session<Messages, string>): Promise<unknown> {
    this.sessionId ??= session.id;
    const play = this.#setup.plays[role];
    if (play === undefined) throw new TypeError(`nobody plays ${role}`);
    return play(observed(session, this.ledger, this.#touch));
  }

  #ended({ role, meter }: ChannelSession): void {
    this.meters[role] = meter;
    if (!this.#served.has(role)) return;
    const output = this.#served.get(role);
    setImmediate(() => this.#settle(role, { output })); // a failure is told right after the end
  }

  /** The first outcome of a role is the one that counts. */
  #settle(role: string, outcome: Outcome): void {
    if (!this.outcomes.has(role)) this.outcomes.set(role, outcome);
    if (this.outcomes.size === this.#setup.protocol.roles.length) this.#resolveDone();
  }

  readonly #tap: FrameTap = (flight) => {
    this.ledger.record(flight);
    return this.#setup.tap?.(flight);
  };

  readonly #touch = (): void => {
    if (this.#setup.clock instanceof IdleClock) this.#setup.clock.touch();
  };
}

function asProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const culprit = { party: "bench", protocol: "run", step: "opening", code: "internal" } as const;
  return new ProtocolError(culprit, String(error), error);
}
