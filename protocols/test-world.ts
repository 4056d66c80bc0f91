/** Runs a protocol among parties of this process and tells how each one ended. */
import { type Messages, type Meter, type Protocol, ProtocolError, type Session } from "@moiety/kit";
import { type FrameTap, type OutputsOf, runProtocol } from "@moiety/lab";
import { expect } from "vitest";

/** How one party's run ended. */
export type Ending<Output = unknown> =
  | { readonly output: Output; readonly error?: undefined }
  | { readonly output?: undefined; readonly error: ProtocolError };

export interface PlayOptions {
  /** All randomness of the run. */
  readonly seed?: string;
  /** Sees every frame; a sender whose frame makes it throw loses its session. */
  readonly tap?: FrameTap;
}

export type Played<Cast> = {
  readonly [R in keyof OutputsOf<Cast>]: Ending<OutputsOf<Cast>[R]>;
} & {
  /** What each role sent, by message. */
  readonly meters: Readonly<Record<string, Meter>>;
};

/** Plays one session to its end, whatever the end. Parties are called by their roles. */
export async function play<
  Role extends string,
  M extends Messages,
  Parameters,
  Cast extends { readonly [R in Role]: (session: Session<M, R>) => Promise<unknown> },
>(
  protocol: Protocol<Role, M, Parameters>,
  cast: Cast,
  { seed = "play", tap }: PlayOptions = {},
): Promise<Played<Cast>> {
  const run = await runProtocol(protocol as unknown as Protocol<Role, M>, cast, {
    seed,
    links: "memory",
    ...(tap && { tap }),
  });
  const endings = protocol.roles.map((role) => {
    const error = run.errors[role];
    const ending: Ending =
      error === undefined && role in run.outputs
        ? { output: run.outputs[role as keyof typeof run.outputs] }
        : { error: error ?? neverBegan(role) };
    return [role, ending] as const;
  });
  return { ...Object.fromEntries(endings), meters: run.meters } as Played<Cast>;
}

/** The error in which a party's run must have ended. */
export function failureOf(ending: Ending): ProtocolError {
  if (ending.error === undefined) expect.fail("the run ended with an output");
  return ending.error;
}

/** The output with which a party's run must have ended. */
export function outputOf<Output>(ending: Ending<Output>): Output {
  if (ending.error !== undefined) throw ending.error;
  return ending.output;
}

/** The session with every body that is sent, or every one that is received, put through `change`. */
export function changing<S extends object>(
  session: S,
  way: "send" | "receive",
  change: (name: string, body: unknown) => unknown,
): S {
  return new Proxy(session, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      if (property !== way) return value.bind(target);
      if (way === "send")
        return (to: string, name: string, body: unknown) =>
          value.call(target, to, name, change(name, body));
      return async (from: string, name: string, withinMs?: number) =>
        change(name, await value.call(target, from, name, withinMs));
    },
  });
}

function neverBegan(party: string): ProtocolError {
  const culprit = { party, protocol: "none", step: "opening", code: "lost" } as const;
  return new ProtocolError(culprit, "never began, or never ended");
}
