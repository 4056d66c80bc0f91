/** Answers of the control socket that come as JSON lines, with the node's progress in them. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { ControlError } from "./control-client.ts";

/** Sends each item as it comes; an error becomes the last line, `{ "error": … }`. */
export function sendLines(reply: FastifyReply, items: AsyncIterable<unknown>): FastifyReply {
  return reply.type("application/x-ndjson").send(Readable.from(toLines(items)));
}

async function* toLines(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  try {
    for await (const item of items) yield `${JSON.stringify(item)}\n`;
  } catch (error) {
    const message = error instanceof Error ? error.message : "failed";
    const away = error instanceof ControlError && error.away;
    yield `${JSON.stringify({ error: message, ...(away && { away }) })}\n`;
  }
}

/** Turns callbacks into an iterable: what `work` reports, in order, then its result. */
export async function* reported<T>(
  work: (report: (item: T) => void) => Promise<T>,
): AsyncGenerator<T> {
  const queue: T[] = [];
  let wake: () => void = () => {};
  let done = false;
  const result = work((item) => {
    queue.push(item);
    wake();
  }).finally(() => {
    done = true;
    wake();
  });
  result.catch(() => {}); // awaited below; until then it must not count as unhandled
  while (!done || queue.length > 0) {
    const item = queue.shift();
    if (item !== undefined) yield item;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
  yield await result;
}
