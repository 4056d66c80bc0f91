/** Switchboards with a link between each two of them. */
import { type SeededRng, seededRng } from "@moiety/crypto";
import type { ProtocolError } from "../errors.ts";
import { type Clock, type Link, LinkError } from "../link.ts";
import { Switchboard, type SwitchboardOptions } from "../switchboard.ts";
import { type FrameTap, pipeLinks } from "./pipe-link.ts";

export interface Network {
  readonly boards: Readonly<Record<string, Switchboard>>;
  /** What each party's log would say. */
  readonly failures: Readonly<Record<string, ProtocolError[]>>;
  /** The link of the first party towards the second: for hostile openings. */
  link(from: string, to: string): Link;
}

export interface NetworkOptions {
  readonly tap?: FrameTap;
  readonly clock?: Clock;
  /** By party. */
  readonly wireVersions?: Readonly<Record<string, readonly number[]>>;
  readonly linkTo?: SwitchboardOptions["linkTo"];
  readonly onEnd?: NonNullable<SwitchboardOptions["onEnd"]>;
}

export function network(names: readonly string[], options: NetworkOptions = {}): Network {
  const links = new Map<string, Link>();
  const failures: Record<string, ProtocolError[]> = {};
  const boards: Record<string, Switchboard> = {};
  const rng: SeededRng = seededRng("network");
  for (const [index, first] of names.entries())
    for (const second of names.slice(index + 1)) {
      const [near, far] = pipeLinks(first, second, options.tap);
      links.set(`${first} ${second}`, near);
      links.set(`${second} ${first}`, far);
    }
  const link = (from: string, to: string): Link => {
    const found = links.get(`${from} ${to}`);
    if (found === undefined) throw new LinkError("lost", to, `no link to ${to}`);
    return found;
  };
  for (const self of names) {
    failures[self] = [];
    const wireVersions = options.wireVersions?.[self];
    boards[self] = new Switchboard({
      self,
      linkTo: options.linkTo ?? (async (party) => link(self, party)),
      rng: rng.fork(self),
      onFailure: (error) => failures[self]?.push(error),
      ...(options.clock && { clock: options.clock }),
      ...(options.onEnd && { onEnd: options.onEnd }),
      ...(wireVersions && { wireVersions }),
    });
    for (const other of names) if (other !== self) boards[self].attach(link(self, other));
  }
  return { boards, failures, link };
}
