/** A trusted dealer of random OTs: what `random-ot` makes between two bureaus, for tests. */
import type { Rng } from "@moiety/crypto";
import { ReceiverBook, SenderBook } from "./lookup/pads.ts";
import type { Pads } from "./lookup/protocol.ts";

const SLOTS = 16;

/** OTs of one direction; slot `choices[i]` of `senderPads` is `receiverPads[i]`. */
export interface DealtDirection {
  readonly choices: Uint8Array;
  readonly receiverPads: Uint16Array;
  readonly senderPads: Uint16Array;
}

/** `count` uniform numbers of 16 bits. */
export function words(rng: Rng, count: number): Uint16Array {
  const bytes = rng.bytes(2 * count);
  return Uint16Array.from(
    { length: count },
    (_, i) => (bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8),
  );
}

/** `count` uniform numbers 0..15. */
export function nibbles(rng: Rng, count: number): Uint8Array {
  return rng.bytes(count).map((byte) => byte & 15);
}

export function dealPads(rng: Rng, count: number): DealtDirection {
  const choices = nibbles(rng, count);
  const senderPads = words(rng, count * SLOTS);
  const receiverPads = Uint16Array.from(choices, (k, i) => senderPads[i * SLOTS + k] as number);
  return { choices, receiverPads, senderPads };
}

/** Pads of both bureaus for `counts[i]` lookups in batch i, in either direction. */
export function dealBooks(rng: Rng, ...counts: readonly number[]): Record<"a" | "b", DealtPads> {
  const series = { a: rng.bytes(16), b: rng.bytes(16) };
  const books = {
    a: new DealtPads(new ReceiverBook(series.a), new SenderBook(series.b, SLOTS)),
    b: new DealtPads(new ReceiverBook(series.b), new SenderBook(series.a, SLOTS)),
  };
  for (const [batch, count] of counts.entries())
    for (const [receiver, sender] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const { choices, receiverPads, senderPads } = dealPads(rng, count);
      books[receiver].receiver.add(batch, choices, receiverPads);
      books[sender].sender.add(batch, senderPads);
    }
  return books;
}

/** A bureau's two books. Runs out instead of waiting for a refill. */
export class DealtPads implements Pads {
  readonly receiver: ReceiverBook;
  readonly sender: SenderBook;

  constructor(receiver: ReceiverBook, sender: SenderBook) {
    this.receiver = receiver;
    this.sender = sender;
  }

  take: Pads["take"] = async (count) => {
    const taken = this.receiver.take(count);
    if (taken === undefined) throw new RangeError("the dealer has dealt too little");
    return taken;
  };

  giveBack: Pads["giveBack"] = (pads) => this.receiver.giveBack(pads);

  burn: Pads["burn"] = (series, segments, count) => this.sender.burn(series, segments, count);
}
