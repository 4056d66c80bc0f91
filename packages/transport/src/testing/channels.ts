/** Small things that tests of links do over and over. */
import type { Channel, Link } from "@moiety/kit";

/** Resolves with the next channel that the peer opens. */
export function nextChannel(link: Link): Promise<Channel> {
  return new Promise((resolve) => link.onChannel(resolve));
}

/** Takes a channel and sends back whatever comes, until it ends; then closes. */
export function echoTaker(channel: Channel): void {
  const echo = async (): Promise<never> => {
    for (;;) await channel.send(await channel.receive());
  };
  void echo().catch(() => channel.close());
}

export function text(characters: string): Uint8Array {
  return new TextEncoder().encode(characters);
}

/** Bytes that depend on their place and on `salt`, so that no two frames look alike. */
export function pattern(length: number, salt = 0): Uint8Array {
  const result = new Uint8Array(length);
  const period = Math.min(length, 4099);
  for (let i = 0; i < period; i++) result[i] = i * 31 + salt * 7 + (i >> 8);
  for (let filled = period; filled > 0 && filled < length; filled *= 2)
    result.copyWithin(filled, 0, Math.min(filled, length - filled));
  return result;
}

/** Compares quickly: deep equality of a mebibyte takes a test framework seconds. */
export function bytes(array: Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** Lets everything happen that is under way: for statements that something does not happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}
