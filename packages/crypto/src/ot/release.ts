/**
 * Gives buffers back at once. What `cipher.update` returns would otherwise wait for the collector, and
 * every call would write to memory that is in no cache.
 */
import { MessageChannel } from "node:worker_threads";

const { port1: nowhere, port2: other } = new MessageChannel();
other.close();

/**
 * Frees the memory of `buffers`, whole ones, which are empty afterwards: what is transferred to a port
 * whose other end is closed is dropped.
 */
export function release(buffers: readonly Uint8Array[]): void {
  nowhere.postMessage(
    undefined,
    buffers.map(({ buffer }) => buffer as ArrayBuffer),
  );
}
