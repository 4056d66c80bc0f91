/** Every bound of the transport by name. Those of channels themselves are in `@moiety/kit` (link.ts). */
import {
  CHANNEL_WINDOW_BYTES,
  MAX_CHANNELS,
  MAX_FRAME_BYTES,
  MAX_OPENING_BYTES,
} from "@moiety/kit";

/**
 * Channels that each side may have opened and not yet ended. Half of `MAX_CHANNELS` each, because
 * two sides that open at the same moment cannot know of each other's channels.
 */
export const MAX_CHANNELS_PER_SIDE: number = MAX_CHANNELS / 2;
/** Least that one frame takes of a window: empty frames are not free, their bookkeeping is not. */
export const MIN_FRAME_CHARGE_BYTES: number = 256;
/** Credit goes back in lots of this size, so that a short session costs no record for it. */
export const CREDIT_LOT_BYTES: number = CHANNEL_WINDOW_BYTES / 4;
/** Bytes that wait for the window on one channel; more means that the caller does not await. */
export const MAX_QUEUED_BYTES: number = 64 << 20;
/** Received and unread bytes on one link; beyond, the channel that hoards most is reset (`busy`). */
export const MAX_UNREAD_BYTES: number = 64 << 20;
/** Bytes handed to the wire and not yet gone above which channels take turns. */
export const WIRE_HIGH_WATER_BYTES: number = 256 << 10;
/** Records without frames that wait for a congested wire: more than an honest peer ever causes. */
export const MAX_CONTROL_BACKLOG: number = 8 * MAX_CHANNELS;
/** Kind, reset code, two zero bytes, channel number. Eight bytes keep what follows aligned. */
export const RECORD_HEADER_BYTES: number = 8;
/** Longest record: a full frame; an opening is shorter. */
export const MAX_RECORD_BYTES: number =
  RECORD_HEADER_BYTES + Math.max(MAX_FRAME_BYTES, MAX_OPENING_BYTES);

/** Bounds of a link over TLS and of the listener that accepts it. */
export interface LinkLimits {
  /** From TCP connect to upgraded WebSocket, on both sides. */
  readonly handshakeMs: number;
  /** Time between two pings. */
  readonly heartbeatMs: number;
  /** A peer from which nothing came for so long is gone. */
  readonly silenceMs: number;
  /** Between asking a peer to close and cutting the connection. */
  readonly closeMs: number;
  /** Records (pings included) that a peer may send, sustained; bursts may be twice as large. */
  readonly recordsPerSecond: number;
  /** Bytes that a peer may send, sustained; bursts may be twice as large. */
  readonly bytesPerSecond: number;
  /** Links that a listener holds at a time. */
  readonly maxLinks: number;
  /** Links that it holds with one party: a node and a few commands run beside it. */
  readonly maxLinksPerPeer: number;
  /** Connections that have not proven who they are. */
  readonly maxHandshakes: number;
}

export const LINK_LIMITS: LinkLimits = {
  handshakeMs: 10_000,
  heartbeatMs: 5_000,
  silenceMs: 12_000,
  closeMs: 1_000,
  recordsPerSecond: 200_000,
  bytesPerSecond: 1 << 30,
  maxLinks: 256,
  maxLinksPerPeer: 16,
  maxHandshakes: 64,
};
