/** What a protocol's author states, so that the bench can check it. */
import type { Cost, Messages, Protocol, Session } from "@moiety/kit";
import type { Play } from "./bench.ts";

/** A field of a message whose change may lead to a wrong output: what semi-honest means, stated. */
export interface Undetected<Name extends string = string> {
  readonly message: Name;
  /** As a failure reports it: `d`, `segments[].offset`; empty for the body as a whole. */
  readonly field: string;
  /** For the reader: why nobody notices, and what bounds the harm. */
  readonly why: string;
}

export interface Specification<
  Role extends string,
  M extends Messages,
  Parameters,
  Inputs extends Readonly<Record<Role, unknown>>,
> {
  /** Each with an input for every role. They are used many times: roles must not change them. */
  readonly inputs: readonly Inputs[];
  /**
   * The roles. Where one consumes state (pads, a store), wrap it here and make the state afresh;
   * where it hands its result to a callback, wrap it and return what the callback got.
   */
  readonly roles: {
    readonly [R in Role]: (session: Session<M, R>, input: Inputs[R]) => Promise<unknown>;
  };
  /** The ideal functionality: outputs by role or, with `reconstruct`, what that gives. Pure. */
  ideal(inputs: Inputs): unknown;
  /**
   * For outputs that are random but for what they mean together, e.g. shares: what is compared
   * with the ideal, given the outputs of all roles.
   */
  reconstruct?(outputs: Readonly<Record<Role, never>>): unknown;
  /** The parameters of `protocol.cost` for these inputs. */
  parameters(inputs: Inputs): Parameters;
  readonly undetected?: readonly Undetected<keyof M & string>[];
  /** Most runs with one mutation each; a thousand unless given. For protocols that compute long. */
  readonly maxTamperings?: number;
}

/** A protocol and what is stated of it, without the types that only its author needs. */
export interface Subject {
  readonly protocol: Protocol;
  readonly inputs: readonly unknown[];
  /** The roles with one of the inputs bound to them. */
  plays(inputs: unknown): Readonly<Record<string, Play>>;
  ideal(inputs: unknown): unknown;
  readonly reconstruct: ((outputs: Readonly<Record<string, unknown>>) => unknown) | undefined;
  cost(inputs: unknown): Cost;
  readonly undetected: readonly Undetected[];
  readonly maxTamperings: number;
}

const MAX_TAMPERINGS = 1_000;

/** What the checks work on. */
export function subjectOf<
  Role extends string,
  M extends Messages,
  Parameters,
  Inputs extends Readonly<Record<Role, unknown>>,
>(
  protocol: Protocol<Role, M, Parameters>,
  specification: Specification<Role, M, Parameters, Inputs>,
): Subject {
  const { inputs, roles, undetected = [], maxTamperings = MAX_TAMPERINGS } = specification;
  if (inputs.length === 0) throw new RangeError(`${protocol.name}: no inputs to run with`);
  const table = Object.entries(roles) as [
    Role,
    (session: never, input: unknown) => Promise<unknown>,
  ][];
  return {
    protocol: protocol as unknown as Protocol,
    inputs,
    plays: (given) =>
      Object.fromEntries(
        table.map(([role, play]) => [
          role,
          (session) => play(session as never, (given as Inputs)[role]),
        ]),
      ),
    ideal: (given) => specification.ideal(given as Inputs),
    reconstruct: specification.reconstruct as Subject["reconstruct"],
    cost: (given) => protocol.cost(specification.parameters(given as Inputs)),
    undetected,
    maxTamperings,
  };
}
