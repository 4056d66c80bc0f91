/** A bank in operation: it asks, and serves nobody but its own command line. */
import { canonicalIdentifier, IDENTIFIER_TYPES } from "@moiety/model";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { SetupError } from "../config-error.ts";
import type { NodeContext, RoleRuntime } from "../context.ts";
import { sendLines } from "../control-stream.ts";
import { DirectoryView } from "../directory-view.ts";
import { inWords } from "../retry.ts";
import { MAX_REQUEST_IDENTIFIERS } from "./bounds.ts";
import { Modelling } from "./modelling.ts";
import { type Scorer, Scoring } from "./scoring.ts";

const scoreRequest = z.strictObject({
  identifiers: z.array(z.string().max(512)).min(1).max(MAX_REQUEST_IDENTIFIERS),
  type: z.enum(IDENTIFIER_TYPES as ["phone", "national-id", "opaque"]).default("phone"),
  model: z.string().max(64).optional(),
  purpose: z.string().max(64).optional(),
});
const modelRequest = z.strictObject({ text: z.string().max(1 << 20), file: z.string().max(4096) });
const deployRequest = z.strictObject({ model: z.string().max(64) });

export class Bank implements RoleRuntime {
  readonly #directory: DirectoryView;
  readonly #modelling: Modelling;
  readonly #scoring: Scoring;
  #scored = 0;

  constructor(context: NodeContext) {
    const { config, parties, switchboard } = context;
    this.#directory = new DirectoryView(config.name, parties, switchboard);
    this.#modelling = new Modelling(context, this.#directory);
    this.#scoring = new Scoring(context, this.#directory);
  }

  status(): Record<string, unknown> {
    return { models: this.#modelling.list(), scored: this.#scored };
  }

  routes(server: FastifyInstance): void {
    server.post("/score", async (request) => {
      const { identifiers, scorer } = this.#request(request.body);
      if (identifiers.length !== 1) throw new SetupError("one identifier at a time; use a batch");
      const start = performance.now();
      const scores = await worded(() => this.#scoring.block(identifiers, scorer));
      const elapsedMs = performance.now() - start;
      this.#scored += 1;
      refuseOutOfRange(scores, scorer);
      const absent = await worded(() => this.#scoring.absent(scorer));
      return { ...answerOf(scores[0] as number, scorer), absent, elapsedMs };
    });
    server.post("/batch", async (request, reply) => {
      const { identifiers, scorer } = this.#request(request.body);
      return sendLines(reply, this.#batch(identifiers, scorer));
    });
    server.post("/model/check", async ({ body }) => {
      const { text, file } = modelRequest.parse(body);
      const { model, range } = await worded(() => this.#modelling.check(text, file));
      const { name, version, characteristics } = model;
      return { name, version, characteristics: characteristics.length, range };
    });
    server.post("/model/certify", async ({ body }) => {
      const { text, file } = modelRequest.parse(body);
      return worded(() => this.#modelling.certify(text, file));
    });
    server.post("/model/deploy", async ({ body }) => {
      const { model } = deployRequest.parse(body);
      return worded(() => this.#modelling.deploy(model));
    });
  }

  async close(): Promise<void> {
    // Nothing of its own: sessions end with the switchboard, the store with the node.
  }

  async *#batch(
    identifiers: readonly Uint8Array[],
    scorer: Scorer,
  ): AsyncGenerator<{ scores: number[] }> {
    try {
      let odd: Uint16Array | undefined;
      for await (const block of this.#scoring.batch(identifiers, scorer)) {
        this.#scored += block.length;
        if (isOutOfRange(block, scorer)) odd ??= block;
        yield { scores: [...block] };
      }
      if (odd !== undefined) refuseOutOfRange(odd, scorer);
    } catch (error) {
      throw new Error(inWords(error));
    }
  }

  #request(body: unknown): { identifiers: Uint8Array[]; scorer: Scorer } {
    const { identifiers, type, model, purpose } = parseRequest(body);
    const deployed = this.#modelling.deployed(model);
    const { purposes, modelName } = deployed.certificate;
    const stated = purpose ?? (purposes[0] as string);
    if (!purposes.includes(stated))
      throw new SetupError(`${modelName} is certified for ${purposes.join(", ")}, not ${stated}`);
    const canonical = identifiers.map((raw, row) => {
      const outcome = canonicalIdentifier(type, raw);
      if (!outcome.ok) throw new SetupError(`identifier ${row + 1} (${type}): ${outcome.reason}`);
      return outcome.bytes;
    });
    const repeated = firstRepeated(canonical);
    if (repeated !== undefined)
      throw new SetupError(
        `identifier ${repeated + 1} is in the list twice; name each person once`,
      );
    return { identifiers: canonical, scorer: { ...deployed, purpose: stated } };
  }
}

function isOutOfRange(scores: Uint16Array, { certificate: { range } }: Scorer): boolean {
  return scores.some((points) => points < range.min || points > range.max);
}

/** Which bureau it was cannot be told; asking again would tell that bureau that it was noticed. */
function refuseOutOfRange(scores: Uint16Array, scorer: Scorer): void {
  if (isOutOfRange(scores, scorer))
    throw new SetupError(
      "a score lies outside the certified range: one of the bureaus did not follow the protocol; " +
        "do not ask again, inform the supervisor",
    );
}

function answerOf(
  points: number,
  { certificate, purpose }: Scorer,
): Omit<ScoreAnswer, "absent" | "elapsedMs"> {
  const { modelName, version, range } = certificate;
  return { score: points, model: modelName, version, purpose, range };
}

/** What a single inquiry answers. */
export interface ScoreAnswer {
  readonly score: number;
  readonly model: string;
  readonly version: number;
  readonly purpose: string;
  readonly range: { readonly min: number; readonly max: number };
  /** Domains without a deposit that counts: everybody is *missing* there. */
  readonly absent: readonly string[];
  readonly elapsedMs: number;
}

/** The message of a shape error must not repeat what was sent: it may be an identifier. */
function parseRequest(body: unknown): z.infer<typeof scoreRequest> {
  const parsed = scoreRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues.map(({ path, code }) => `${path.join(".")}: ${code}`);
  throw new SetupError(`not a request for scores: ${at.slice(0, 5).join("; ")}`);
}

/** Position of the first identifier that stood there before, in whatever spelling. */
function firstRepeated(identifiers: readonly Uint8Array[]): number | undefined {
  const seen = new Set<string>();
  const at = identifiers.findIndex((identifier) => {
    const text = Buffer.from(identifier).toString("base64");
    if (seen.has(text)) return true;
    seen.add(text);
    return false;
  });
  return at < 0 ? undefined : at;
}

async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(inWords(error), { cause: error });
  }
}
