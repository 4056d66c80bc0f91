/** The person's desk over HTTP: `POST /subject/<kind>`, sealed both ways. Strangers connect here. */
import { SealError } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import { DESK_KINDS, MAX_DESK_REQUEST_BYTES } from "@moiety/policy";
import type { FastifyInstance } from "fastify";
import type { PersonDesk } from "./person-desk.ts";

const SEALED = "application/octet-stream";
const WINDOW_MS = 60_000;
/** Requests a minute: from one address, and from everybody. */
export const MOST_FROM_ONE: number = 60;
const MOST_FROM_ALL = 1200;

/** Adds the desk's paths to a server. Whatever is wrong with a request, the answer is the same. */
export function servePeople(server: FastifyInstance, desk: PersonDesk, clock: Clock): void {
  const counter = new Counter(clock);
  server.addContentTypeParser(
    SEALED,
    { parseAs: "buffer", bodyLimit: MAX_DESK_REQUEST_BYTES },
    (_request, body, done) => done(null, body),
  );
  for (const kind of DESK_KINDS)
    server.post(`/subject/${kind}`, {
      bodyLimit: MAX_DESK_REQUEST_BYTES,
      // Before a body is read.
      onRequest: async (request, reply) => {
        if (!counter.admits(request.ip))
          await reply.code(429).header("retry-after", "60").send({ error: "too many requests" });
      },
      errorHandler: (error, _request, reply) => {
        const own = error instanceof SealError || ("statusCode" in error && isOurs(error));
        const answer = own ? UNFIT : { error: "the desk cannot answer now; try again" };
        void reply.code(own ? 400 : 503).send(answer);
      },
      handler: async (request, reply) => {
        if (!(request.body instanceof Uint8Array)) throw new SealError();
        const answer = await desk.answer(kind, Uint8Array.from(request.body));
        return reply.header("cache-control", "no-store").type(SEALED).send(Buffer.from(answer));
      },
    });
}

const UNFIT = { error: "not a request that this desk can open" };

/** What the requester did wrong, by HTTP's own classes. */
function isOurs({ statusCode }: { readonly statusCode?: unknown }): boolean {
  return typeof statusCode === "number" && statusCode >= 400 && statusCode < 500;
}

/** Requests of the current minute; forgotten with it, so that addresses are not kept. */
class Counter {
  readonly #clock: Clock;
  readonly #byAddress = new Map<string, number>();
  #all = 0;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  admits(address: string): boolean {
    const now = this.#clock.now();
    if (Math.abs(now - this.#since) >= WINDOW_MS) {
      this.#byAddress.clear();
      this.#all = 0;
      this.#since = now;
    }
    const own = (this.#byAddress.get(address) ?? 0) + 1;
    if (own > MOST_FROM_ONE || this.#all >= MOST_FROM_ALL) return false;
    this.#all += 1;
    this.#byAddress.set(address, own);
    return true;
  }
}
