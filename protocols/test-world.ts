/** Runs a protocol among parties of this process, over memory links, and tells how each one ended. */
import { seededRng } from "@moiety/crypto";
import {
  type Link,
  type Messages,
  type Protocol,
  ProtocolError,
  type Session,
  Switchboard,
  service,
} from "@moiety/kit";
import { memoryLinks, type Tap } from "@moiety/transport";
import { expect } from "vitest";

/** How one party's run ended. */
export type Ending<Output = unknown> =
  | { readonly output: Output; readonly error?: undefined }
  | { readonly output?: undefined; readonly error: ProtocolError };

export interface PlayOptions {
  /** All randomness of the run. */
  readonly seed?: string;
  /** Names of parties; without one, a party is called by its role. */
  readonly names?: Readonly<Record<string, string>>;
  /** Sees every record of every link; may change it, drop it, or cut the links. */
  readonly tap?: (cut: () => void) => Tap;
}

type Endings<C> = {
  readonly [R in keyof C]: C[R] extends (session: never) => Promise<infer Output>
    ? Ending<Output>
    : never;
};

/** Plays one session to its end, whatever the end. Rejects only for a mistake of the test's own. */
export async function play<
  Role extends string,
  M extends Messages,
  Parameters,
  C extends { readonly [R in Role]: (session: Session<M, R>) => Promise<unknown> },
>(
  protocol: Protocol<Role, M, Parameters>,
  cast: C,
  { seed = "play", names = {}, tap }: PlayOptions = {},
): Promise<Endings<C>> {
  const rng = seededRng(seed);
  const [opener, ...others] = protocol.roles as readonly [Role, ...Role[]];
  const parties = Object.fromEntries(
    protocol.roles.map((role) => [role, names[role] ?? role]),
  ) as Record<Role, string>;
  const links = mesh(Object.values(parties), tap);
  const begun = new Map<Role, Promise<Ending>>();
  const boards = protocol.roles.map((role) => {
    const self = parties[role];
    let failed: (error: ProtocolError) => void = () => {};
    const board = new Switchboard({
      self,
      linkTo: async (peer) => links.get(`${self} ${peer}`) as Link,
      rng: rng.fork(role),
      onFailure: (error) => failed(error),
    });
    const run = (session: Session<M, Role>): Promise<void> =>
      new Promise((done, failing) => {
        const output = cast[role](session);
        // The session puts the name to what a role throws: only then is it known how it ended.
        const named = new Promise<Ending>((ended) => {
          failed = (error) => ended({ error });
          output.then((value) => ended({ output: value })).catch(() => {});
        });
        begun.set(role, named);
        output.then(() => done(), failing);
      });
    if (role !== opener)
      board.serve(service(protocol as unknown as Protocol<Role, M>, role, () => {}, run));
    for (const [ends, link] of links) if (ends.startsWith(`${self} `)) board.attach(link);
    return board;
  });
  const first = (boards[0] as Switchboard).run(
    protocol as unknown as Protocol<Role, M>,
    opener,
    parties,
    (session) => cast[opener](session),
  );
  const ended: [Role, Ending][] = [[opener, await ending(first)]];
  for (const role of others) ended.push([role, (await begun.get(role)) ?? notBegun(role)]);
  for (const board of boards) board.close();
  for (const link of links.values()) link.close();
  return Object.fromEntries(ended) as unknown as Endings<C>;
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

async function ending(run: Promise<unknown>): Promise<Ending> {
  try {
    return { output: await run };
  } catch (error) {
    if (error instanceof ProtocolError) return { error };
    throw error;
  }
}

function notBegun(party: string): Ending {
  const culprit = { party, protocol: "none", step: "opening", code: "lost" } as const;
  return { error: new ProtocolError(culprit, "never began") };
}

function mesh(names: readonly string[], tap: PlayOptions["tap"]): Map<string, Link> {
  const links = new Map<string, Link>();
  const cut = (): void => {
    for (const link of links.values()) link.close();
  };
  const options = tap === undefined ? {} : { tap: tap(cut) };
  for (const [at, first] of names.entries())
    for (const second of names.slice(at + 1)) {
      const [near, far] = memoryLinks(first, second, options);
      links.set(`${first} ${second}`, near).set(`${second} ${first}`, far);
    }
  return links;
}
