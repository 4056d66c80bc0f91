/** Stands between a switchboard and a link: sees, and may change, every frame of every session. */
import type { Channel, Link } from "@moiety/kit";

/** One frame of a session on its way, as its sender wrote it. */
export interface Flight {
  /** Roles. */
  readonly from: string;
  readonly to: string;
  /** How many frames went this way before it. */
  readonly index: number;
  readonly frame: Uint8Array;
}

/** Sees each frame; returns what arrives in its place, in order, or nothing to let it pass. */
export type FrameTap = (flight: Flight) => readonly Uint8Array[] | undefined;

export interface Wiretap {
  readonly tap: FrameTap;
  /** Called whenever a frame moves. */
  readonly onTraffic: () => void;
}

/**
 * The link as its party sees it. Welcomes of the handshake pass untouched: they are no messages.
 */
export function tapped(link: Link, wiretap: Wiretap): Link {
  return {
    self: link.self,
    peer: link.peer,
    ended: link.ended,
    open: (opening) => tappedChannel(link.open(opening), link.self, 0, wiretap),
    onChannel: (take) =>
      link.onChannel((channel) => take(tappedChannel(channel, link.self, 1, wiretap))),
    close: () => link.close(),
  };
}

function tappedChannel(
  channel: Channel,
  self: string,
  skipped: number,
  { tap, onTraffic }: Wiretap,
): Channel {
  let sent = 0;
  return {
    peer: channel.peer,
    opening: channel.opening,
    get failure() {
      return channel.failure;
    },
    async send(frame) {
      onTraffic();
      const index = sent - skipped;
      sent += 1;
      const flight = { from: self, to: channel.peer, index, frame };
      const arriving = index < 0 ? undefined : tap(flight);
      for (const each of arriving ?? [frame]) await channel.send(each);
    },
    async receive() {
      const frame = await channel.receive();
      onTraffic();
      return frame;
    },
    close: () => channel.close(),
    reset: (code) => channel.reset(code),
  };
}
