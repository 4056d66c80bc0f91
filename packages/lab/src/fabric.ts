/**
 * A link between each two parties of a bench: over memory, over TLS on the loopback interface, or
 * over a simulated network.
 */
import { seededRng } from "@moiety/crypto";
import type { Link } from "@moiety/kit";
import {
  dial,
  type Listener,
  listen,
  memoryLinks,
  type ProfileName,
  SimulatedNetwork,
  type VirtualClock,
} from "@moiety/transport";
import { throwAwayIdentity } from "./certificates.ts";

/**
 * `memory`; `wss`: WebSockets over mutually pinned TLS 1.3 between real sockets; or a simulated
 * network by the name of its profile, see packages/transport.
 */
export type LinkKind = "memory" | "wss" | ProfileName;

export interface Fabric {
  /** The end at `self` of the link to `peer`. */
  link(self: string, peer: string): Link;
  close(): Promise<void>;
}

export async function weave(
  names: readonly string[],
  kind: Exclude<LinkKind, ProfileName>,
): Promise<Fabric> {
  const links = new Map<string, Link>();
  const put = (link: Link): unknown => links.set(`${link.self} ${link.peer}`, link);
  const listeners = kind === "memory" ? [] : await overTls(names, put);
  if (kind === "memory")
    for (const [first, second] of pairs(names)) memoryLinks(first, second).map(put);
  return {
    link: (self, peer) => linkIn(links, self, peer),
    async close() {
      for (const link of links.values()) link.close();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

/** The same over a simulated network, whose time is that of `clock`; jitter comes from `seed`. */
export async function weaveSimulated(
  names: readonly string[],
  profile: ProfileName,
  { clock, seed }: { readonly clock: VirtualClock; readonly seed: string },
): Promise<Fabric> {
  const rng = seededRng(seed).fork("moiety/lab/network");
  const network = new SimulatedNetwork({ clock, rng, profile });
  const links = new Map<string, Link>();
  const put = (link: Link): unknown => links.set(`${link.self} ${link.peer}`, link);
  for (const name of names) network.listen(name, put);
  const dialled = pairs(names).map(([first, second]) => network.dial(first, second));
  for (const link of await clock.runWhile(Promise.all(dialled))) put(link);
  return {
    link: (self, peer) => linkIn(links, self, peer),
    async close() {
      for (const name of names) network.crash(name);
    },
  };
}

function linkIn(links: ReadonlyMap<string, Link>, self: string, peer: string): Link {
  const link = links.get(`${self} ${peer}`);
  if (link === undefined) throw new TypeError(`no link from ${self} to ${peer}`);
  return link;
}

function pairs(names: readonly string[]): (readonly [string, string])[] {
  return names.flatMap((first, index) =>
    names.slice(index + 1).map((second) => [first, second] as const),
  );
}

/** A listener for each party; of each two, the first one dials. */
async function overTls(
  names: readonly string[],
  put: (link: Link) => unknown,
): Promise<Listener[]> {
  const identities = await Promise.all(names.map(throwAwayIdentity));
  const roster = new Map(identities.map(({ pinned }) => [pinned.name, pinned]));
  const accepted = new Map(pairs(names).map((pair) => [pair.join(" "), latch<Link>()]));
  const listeners = await Promise.all(
    identities.map(({ identity }) =>
      listen({
        identity,
        address: { host: "127.0.0.1", port: 0 },
        peers: () => roster,
        onLink: (link) => accepted.get(`${link.peer} ${link.self}`)?.open(link),
      }),
    ),
  );
  const dialled = pairs(names).map(async ([first, second]) => {
    const { identity } = await throwAwayIdentity(first);
    const { pinned: peer } = await throwAwayIdentity(second);
    const { address } = listeners[names.indexOf(second)] as Listener;
    put(await dial({ identity, peer, address }));
    const far = accepted.get(`${first} ${second}`);
    if (far !== undefined) put(await far.opened);
  });
  await Promise.all(dialled);
  return listeners;
}

function latch<T>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open: (value) => open(value) };
}
