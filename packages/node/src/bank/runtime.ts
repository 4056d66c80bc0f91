/** A bank in operation: it asks, and serves nobody but its own command line. */
import { canonicalIdentifier, IDENTIFIER_TYPES } from "@moiety/model";
import { certificateDigest } from "@moiety/policy";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { SetupError } from "../config-error.ts";
import type { NodeContext, RoleRuntime } from "../context.ts";
import { ControlError } from "../control-client.ts";
import { sendLines } from "../control-stream.ts";
import { DirectoryView } from "../directory-view.ts";
import type { Sample } from "../metrics.ts";
import { nextTurn } from "../next-turn.ts";
import { registrarRoutes } from "../registrar.ts";
import { inWords, isTransient, worded } from "../retry.ts";
import { type BatchLine, OUT_OF_RANGE, type ScoreAnswer, type ScoreTerms } from "./answers.ts";
import { MAX_REQUEST_IDENTIFIERS } from "./bounds.ts";
import { Modelling } from "./modelling.ts";
import { BankProofs } from "./proofs.ts";
import { type Asked, type Scorer, Scoring } from "./scoring.ts";

/** Identifiers read in one turn of the event loop: some milliseconds. */
const READ_AT_ONCE = 256;

const termsRequest = z.strictObject({
  model: z.string().max(64).optional(),
  purpose: z.string().max(64).optional(),
});
const scoreRequest = termsRequest.extend({
  identifiers: z.custom<readonly string[]>(areIdentifiers),
  type: z.enum(IDENTIFIER_TYPES as ["phone", "national-id", "opaque"]).default("phone"),
  region: z.string().max(2).optional(),
  scheme: z.string().max(40).optional(),
  consents: z.custom<readonly string[]>(areConsents).optional(),
});
const proofRequest = z.strictObject({ inquiry: z.string().regex(/^[0-9a-f]{32}$/) });
const modelRequest = z.strictObject({ text: z.string().max(1 << 20), file: z.string().max(4096) });
const deployRequest = z.strictObject({ model: z.string().max(64) });

export class Bank implements RoleRuntime {
  readonly #context: NodeContext;
  readonly #directory: DirectoryView;
  readonly #modelling: Modelling;
  readonly #scoring: Scoring;
  readonly #proofs: BankProofs;
  readonly #today: () => string;
  #scored = 0;

  constructor(context: NodeContext) {
    const { config, parties, switchboard, clock } = context;
    this.#context = context;
    this.#directory = new DirectoryView(config.name, parties, switchboard, clock);
    this.#modelling = new Modelling(context, this.#directory);
    this.#proofs = new BankProofs(context);
    this.#scoring = new Scoring(context, this.#directory, this.#proofs);
    this.#today = () => new Date(clock.now()).toISOString().slice(0, 10);
  }

  status(): Record<string, unknown> {
    return { models: this.#modelling.list(), scored: this.#scored };
  }

  *samples(): Generator<Sample> {
    yield { name: "scored", help: "People scored since the start", value: this.#scored };
    yield { name: "models", help: "Models known here", value: this.#modelling.list().length };
  }

  ailments(): readonly string[] {
    return [];
  }

  routes(server: FastifyInstance): void {
    registrarRoutes(server, this.#context);
    server.post("/score", async (request) => {
      const { asked, scorer } = await this.#request(request.body);
      if (asked.identifiers.length !== 1)
        throw new SetupError("one identifier at a time; use a batch");
      const start = performance.now();
      const answered = await worded(() => this.#scoring.inquire(asked, scorer));
      const { scores, absent, inquiry } = answered;
      const elapsedMs = performance.now() - start;
      this.#scored += 1;
      refuseOutOfRange(scores, scorer);
      const id = Buffer.from(inquiry).toString("hex");
      const disputed = answered.disputed.length > 0;
      const found = { absent, disputed, inquiry: id, elapsedMs };
      return { ...answerOf(scores[0] as number, scorer), ...found };
    });
    server.post("/proof", async ({ body }) => {
      const { inquiry } = proofRequest.parse(body);
      const found = await worded(() => this.#proofs.of(Buffer.from(inquiry, "hex")));
      return found.map(({ receipt, ...rest }) => ({
        ...rest,
        receipt: receipt === undefined ? null : Buffer.from(receipt).toString("base64"),
      }));
    });
    server.post("/score/terms", async ({ body }) => this.#terms(termsRequest.parse(body)));
    server.post("/batch", async (request, reply) => {
      const { asked, scorer } = await this.#request(request.body);
      return sendLines(reply, this.#batch(asked, scorer));
    });
    server.get("/catalogues", () => worded(() => this.#modelling.catalogues()));
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
    this.#scoring.close(); // sessions end with the switchboard, the store with the node
  }

  async *#batch(asked: Asked, scorer: Scorer): AsyncGenerator<BatchLine> {
    try {
      let odd: Uint16Array | undefined;
      for await (const { start, scores, disputed } of this.#scoring.batch(asked, scorer)) {
        this.#scored += scores.length;
        if (isOutOfRange(scores, scorer)) odd ??= scores;
        yield { start, scores: [...scores], disputed };
      }
      if (odd !== undefined) refuseOutOfRange(odd, scorer);
    } catch (error) {
      throw new ControlError(inWords(error), isTransient(error));
    }
  }

  #terms(request: z.infer<typeof termsRequest>): ScoreTerms {
    const { certificate, certificateBytes, purpose } = this.#scorer(request);
    const { modelName, version, range } = certificate;
    const digest = Buffer.from(certificateDigest(certificateBytes)).toString("hex");
    return { model: modelName, version, certificate: digest, purpose, range };
  }

  #scorer({ model, purpose }: z.infer<typeof termsRequest>): Scorer {
    const deployed = this.#modelling.deployed(model);
    const { purposes, modelName } = deployed.certificate;
    const stated = purpose ?? (purposes[0] as string);
    if (!purposes.includes(stated))
      throw new SetupError(`${modelName} is certified for ${purposes.join(", ")}, not ${stated}`);
    return { ...deployed, purpose: stated };
  }

  /** In slices: canonical telephone numbers take 10 µs each. */
  async #request(body: unknown): Promise<{ asked: Asked; scorer: Scorer }> {
    const { identifiers, consents, type, region, scheme, ...terms } = parseRequest(body);
    const scorer = this.#scorer(terms);
    const options = { region, scheme, today: this.#today() };
    const canonical: Uint8Array[] = [];
    const seen = new Set<string>();
    for (const [row, raw] of identifiers.entries()) {
      if (row % READ_AT_ONCE === READ_AT_ONCE - 1) await nextTurn();
      const outcome = canonicalIdentifier(type, raw, options);
      if (!outcome.ok) throw new SetupError(`identifier ${row + 1} (${type}): ${outcome.reason}`);
      canonical.push(outcome.bytes);
      // In whatever spelling.
      seen.add(
        Buffer.from(outcome.bytes.buffer, outcome.bytes.byteOffset, outcome.bytes.length).toString(
          "latin1",
        ),
      );
      if (seen.size !== canonical.length)
        throw new SetupError(`identifier ${row + 1} is in the list twice; name each person once`);
    }
    if (consents !== undefined && consents.length !== canonical.length)
      throw new SetupError(`${consents.length} consents for ${canonical.length} identifiers`);
    return { asked: { identifiers: canonical, tokens: consents }, scorer };
  }
}

function isOutOfRange(scores: Uint16Array, { certificate: { range } }: Scorer): boolean {
  return scores.some((points) => points < range.min || points > range.max);
}

function refuseOutOfRange(scores: Uint16Array, scorer: Scorer): void {
  if (isOutOfRange(scores, scorer)) throw new SetupError(OUT_OF_RANGE);
}

function answerOf(
  points: number,
  { certificate, purpose }: Scorer,
): Omit<ScoreAnswer, "absent" | "disputed" | "inquiry" | "elapsedMs"> {
  const { modelName, version, range } = certificate;
  return { score: points, model: modelName, version, purpose, range };
}

/** By hand: there may be many. */
function areIdentifiers(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_REQUEST_IDENTIFIERS)
    return false;
  return value.every((each) => typeof each === "string" && each.length <= 512);
}

/** Compact JWS of at most 4 KiB each. */
function areConsents(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_REQUEST_IDENTIFIERS)
    return false;
  return value.every((each) => typeof each === "string" && each.length <= 4096);
}

/** The message of a shape error must not repeat what was sent: it may be an identifier. */
function parseRequest(body: unknown): z.infer<typeof scoreRequest> {
  const parsed = scoreRequest.safeParse(body);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues.map(({ path, code }) => `${path.join(".")}: ${code}`);
  throw new SetupError(`not a request for scores: ${at.slice(0, 5).join("; ")}`);
}
