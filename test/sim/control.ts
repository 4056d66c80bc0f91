/** Orders to a node of the simulation: its control socket's handlers, called without a socket. */
import { EventEmitter } from "node:events";
import type { ServeControl } from "@moiety/node/runtime";

type Handler = (request: { readonly body: unknown }, reply: Reply) => Promise<unknown>;

/** What of fastify's reply the nodes use. */
class Reply {
  readonly raw = new EventEmitter();
  sent: AsyncIterable<Uint8Array | string> | undefined;

  type(_mime: string): this {
    return this;
  }

  send(stream: AsyncIterable<Uint8Array | string>): this {
    this.sent = stream;
    return this;
  }
}

export class ControlRoutes {
  readonly #handlers = new Map<string, Handler>();

  readonly serve: ServeControl = async (routes) => {
    const add = (path: string, handler: Handler): unknown => this.#handlers.set(path, handler);
    routes({ get: add, post: add } as never);
    return { path: "(simulated)", close: async () => {} };
  };

  /** What a command answers. Rejects as the node refuses. */
  async call(path: string, body?: unknown): Promise<unknown> {
    const answer = await this.#handler(path)({ body }, new Reply());
    return answer;
  }

  /** A command that answers in lines. A line with an error rejects. */
  async *stream(path: string, body: unknown): AsyncGenerator<Record<string, unknown>> {
    const reply = new Reply();
    await this.#handler(path)({ body }, reply);
    for await (const chunk of reply.sent ?? []) {
      const line = JSON.parse(String(chunk)) as Record<string, unknown>;
      if (typeof line.error === "string") throw new Error(line.error);
      yield line;
    }
  }

  #handler(path: string): Handler {
    const handler = this.#handlers.get(path);
    if (handler === undefined) throw new TypeError(`no command ${path}`);
    return handler;
  }
}
