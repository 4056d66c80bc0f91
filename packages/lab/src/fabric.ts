/**
 * A link between each two parties of a bench, over memory or over TLS on the loopback interface.
 */
import type { Link } from "@moiety/kit";
import { dial, type Listener, listen, memoryLinks } from "@moiety/transport";
import { throwAwayIdentity } from "./certificates.ts";

/** `memory`, or `wss`: WebSockets over mutually pinned TLS 1.3 between real sockets. */
export type LinkKind = "memory" | "wss";

export interface Fabric {
  /** The end at `self` of the link to `peer`. */
  link(self: string, peer: string): Link;
  close(): Promise<void>;
}

export async function weave(names: readonly string[], kind: LinkKind): Promise<Fabric> {
  const links = new Map<string, Link>();
  const put = (link: Link): unknown => links.set(`${link.self} ${link.peer}`, link);
  const listeners = kind === "memory" ? [] : await overTls(names, put);
  if (kind === "memory")
    for (const [first, second] of pairs(names)) memoryLinks(first, second).map(put);
  return {
    link(self, peer) {
      const link = links.get(`${self} ${peer}`);
      if (link === undefined) throw new TypeError(`no link from ${self} to ${peer}`);
      return link;
    },
    async close() {
      for (const link of links.values()) link.close();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
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
