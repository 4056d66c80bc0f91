/** What a link is made of: a connection that carries whole records, in order, or ends. */

/** What a wire tells the link that sits on it. Calls come one at a time, never within `send`. */
export interface WireEvents {
  /** One record as it arrived; the callee may keep the memory. */
  record(bytes: Uint8Array): void;
  /** All that was handed over has left after a time of congestion: there is room again. */
  drained(): void;
  /** The connection is over; said once, and nothing follows it. Not said after `close`. */
  ended(reason: string): void;
}

export interface Wire {
  /** Sets who listens; called once, before anything arrives. */
  attach(events: WireEvents): void;
  /** Hands one record over, in order. The callee owns the memory from now on. Never throws. */
  send(record: Uint8Array): void;
  /** Bytes handed over and not yet gone. */
  readonly bufferedAmount: number;
  /**
   * Ends the connection after what was handed over, within a bound of time. The peer is told the
   * reason, which therefore holds nothing secret. No event follows. Idempotent.
   */
  close(reason: string): void;
}
