/** One run of a protocol, all its parties in this process. */
import {
  type Clock,
  type Messages,
  type Meter,
  type Protocol,
  type ProtocolError,
  type Session,
  systemClock,
} from "@moiety/kit";
import { VirtualClock } from "@moiety/transport";
import { Bench, type Play } from "./bench.ts";
import { type LinkKind, weave, weaveSimulated } from "./fabric.ts";
import type { RecordedFrame } from "./ledger.ts";
import type { FrameTap } from "./wiretap.ts";

/** What each role does, its input already bound. */
export type Plays<Role extends string, M extends Messages> = {
  readonly [R in Role]: (session: Session<M, R>) => Promise<unknown>;
};

export type OutputsOf<P> = {
  readonly [R in keyof P]: P[R] extends (...parameters: never) => Promise<infer Output>
    ? Output
    : never;
};

export interface RunOptions {
  /** All randomness of all parties comes from here, a stream of its own for each role. */
  readonly seed: string;
  readonly links: LinkKind;
  readonly tap?: FrameTap;
  /**
   * The machine's clock unless given; an `IdleClock` is told of the traffic. A simulated network
   * brings its own.
   */
  readonly clock?: Clock;
  /** Real time after which roles that have not ended are given up; a minute unless given. */
  readonly patienceMs?: number;
}

export interface Run<Outputs> {
  /** By role; absent where the role failed. */
  readonly outputs: Partial<Outputs>;
  /** By role: why it has no output, as its own log would say. */
  readonly errors: Readonly<Record<string, ProtocolError>>;
  /** Roles that neither gave an output nor failed. */
  readonly unfinished: readonly string[];
  /** What each role sent, by message. */
  readonly meters: Readonly<Record<string, Meter>>;
  /** Session frames as their senders wrote them, in causal order. */
  readonly frames: readonly RecordedFrame[];
  /** Length of the longest chain of messages. */
  readonly rounds: number;
  /**
   * Over a simulated network: time from when all links were up until the last role ended, as the
   * network alone makes it: computing counts nothing.
   */
  readonly simulatedMs?: number;
  /** 16 bytes; absent when no role began. */
  readonly sessionId: Uint8Array | undefined;
}

const PATIENCE_MS = 60_000;

/**
 * Runs `plays` against each other, each role as a party of the same name with a switchboard, links
 * and randomness of its own. Never rejects for what a role does.
 */
export async function runProtocol<
  Role extends string,
  M extends Messages,
  P extends Plays<Role, M>,
>(protocol: Protocol<Role, M, never>, plays: P, options: RunOptions): Promise<Run<OutputsOf<P>>> {
  const { seed, tap, links } = options;
  const time = links === "memory" || links === "wss" ? undefined : new VirtualClock();
  if (time !== undefined && options.clock !== undefined)
    throw new TypeError(`a network like ${links} brings its own clock`);
  const clock = time ?? options.clock ?? systemClock;
  const fabric =
    links === "memory" || links === "wss"
      ? await weave(protocol.roles, links)
      : await weaveSimulated(protocol.roles, links, { clock: time as VirtualClock, seed });
  const beganMs = clock.now();
  const bench = new Bench({
    protocol: protocol as unknown as Protocol,
    plays: plays as unknown as Readonly<Record<string, Play>>,
    seed,
    clock,
    tap,
    link: fabric.link,
  });
  try {
    const run = bench.run(options.patienceMs ?? PATIENCE_MS);
    await (time?.runWhile(run) ?? run);
    const simulated = time !== undefined && { simulatedMs: time.now() - beganMs };
    return { ...resultOf(protocol.roles, bench), ...simulated } as Run<OutputsOf<P>>;
  } finally {
    await fabric.close();
  }
}

function resultOf(roles: readonly string[], bench: Bench): Run<Record<string, unknown>> {
  const outputs: Record<string, unknown> = {};
  const errors: Record<string, ProtocolError> = {};
  for (const [role, outcome] of bench.outcomes)
    if ("error" in outcome) errors[role] = outcome.error;
    else outputs[role] = outcome.output;
  const frames = bench.ledger.frames();
  return {
    outputs,
    errors,
    unfinished: roles.filter((role) => !bench.outcomes.has(role)),
    meters: bench.meters,
    frames,
    rounds: Math.max(0, ...frames.map(({ round }) => round)),
    sessionId: bench.sessionId,
  };
}
