/** Orders to a node of the simulation: its control socket's handlers, called without a socket. */
import { EventEmitter } from "node:events";
import type { ServeControl } from "@moiety/node/runtime";

interface Request {
  readonly body?: unknown;
  readonly params?: Readonly<Record<string, string>>;
}

type Handler = (request: Request, reply: Reply) => Promise<unknown>;

/** What of fastify's reply the nodes use. */
class Reply {
  readonly raw = new EventEmitter();
  sent: AsyncIterable<Uint8Array | string> | undefined;
  status = 200;

  code(status: number): this {
    this.status = status;
    return this;
  }

  header(_name: string, _value: string): this {
    return this;
  }

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

  /** What is served at a path below a route at once; undefined where nothing is. */
  file(route: string, path: string): Uint8Array | undefined {
    const reply = new Reply();
    // What it resolves with, the reply has: it waits for nothing.
    void this.#handler(route)({ params: { "*": path } }, reply).catch(() => {});
    return reply.status === 200 ? (reply.sent as unknown as Uint8Array) : undefined;
  }

  #handler(path: string): Handler {
    const handler = this.#handlers.get(path);
    if (handler === undefined) throw new TypeError(`no command ${path}`);
    return handler;
  }
}
