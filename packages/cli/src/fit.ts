/** `moiety model fit`: from a bank's development sample to a scorecard and its report. */
import { readFileSync } from "node:fs";
import { basename, extname } from "node:path";
import {
  type Catalogue,
  catalogueFromJson,
  checkScorecard,
  disparities,
  type FitOptions,
  fitScorecard,
  judge,
  modelId,
  parseCatalogue,
  parseScorecard,
  readableJson,
  readSampleCsv,
  type Sample,
  sampleRows,
  scoreRange,
  splitRows,
} from "@moiety/model";
import { callNode, SetupError } from "@moiety/node";
import type { FitFacts } from "./fit-report/facts.ts";
import { targetOf } from "./target.ts";

export interface FitRequest {
  readonly sample: string;
  readonly target: string;
  /** Catalogue files; or else the catalogues in place, from a bank that runs. */
  readonly catalogues: readonly string[];
  readonly config?: string;
  /** Share of the rows to hold out, or the column that says who is. */
  readonly holdout: number | { readonly column: string };
  readonly seed: string;
  /** Columns of protected attributes. */
  readonly attributes: readonly string[];
  /** Default: those that every feature permits. */
  readonly purposes: readonly string[];
  readonly options: Omit<FitOptions, "purposes">;
}

export interface FitResult {
  /** The scorecard's file: readable JSON (which is YAML, too). Secret. */
  readonly model: Uint8Array;
  readonly facts: FitFacts;
}

/** Fits and judges; throws `DocumentError`, `FitError`, `SetupError`, `ControlError`. */
export async function fitFromFiles(request: FitRequest): Promise<FitResult> {
  const { sample: file, target, holdout, attributes, options } = request;
  const catalogues = await cataloguesFor(request);
  const purposes = request.purposes.length > 0 ? request.purposes : commonPurposes(catalogues);
  const holdoutColumn = typeof holdout === "number" ? {} : { holdoutColumn: holdout.column };
  const table = await readSampleCsv(file, catalogues, { target, attributes, ...holdoutColumn });
  const { train, held, split } = divided(table.sample, table.heldOut, request);
  const fit = fitScorecard(train, { ...options, purposes });
  const model = readableJson(fit.scorecard);
  // What is written is what the other commands take, or nothing is written.
  const { name } = options;
  const read = parseScorecard(new TextDecoder().decode(model), name);
  checkScorecard(read, catalogues, name);
  const facts: FitFacts = {
    model: modelId(read),
    purposes,
    sample: basename(file),
    target,
    split,
    fit,
    range: scoreRange(read),
    judgement: judge(fit.scorecard, train, held),
    disparities: disparities(fit.scorecard, held ?? train),
    absent: table.absent,
    unused: table.unused,
  };
  return { model, facts };
}

/** `out/small-loans.json` names a model `small-loans`. */
export function nameFromFile(file: string): string {
  return basename(file, extname(file)).toLowerCase();
}

async function cataloguesFor({ catalogues, config }: FitRequest): Promise<Catalogue[]> {
  if ((catalogues.length === 0) === (config === undefined))
    throw new SetupError("say which catalogues: --catalogue <file...>, or --config <bank>");
  if (config === undefined) {
    const parsed = catalogues.map((file) => parseCatalogue(readText(file), basename(file)));
    const domains = parsed.map(({ domain }) => domain);
    const twice = domains.find((domain, i) => domains.indexOf(domain) !== i);
    if (twice !== undefined)
      throw new SetupError(`two catalogues of the domain ${twice}; give one`);
    return parsed;
  }
  const { socket } = targetOf(config, "bank");
  const listed = await callNode<unknown[]>(socket, "/catalogues", { method: "GET" });
  if (listed.length === 0) throw new SetupError("no platform has deposited yet: give --catalogue");
  return listed.map((each) => catalogueFromJson(each));
}

function commonPurposes(catalogues: readonly Catalogue[]): string[] {
  const [first, ...others] = catalogues.flatMap(({ features }) =>
    features.map(({ purposes }) => purposes),
  );
  const common = (first ?? []).filter((code) => others.every((each) => each.includes(code)));
  if (common.length > 0) return common;
  throw new SetupError("no purpose is permitted by all features: name yours with --purpose <code>");
}

interface Divided {
  readonly train: Sample;
  readonly held?: Sample;
  readonly split: string | undefined;
}

function divided(
  sample: Sample,
  heldOut: Uint8Array | undefined,
  { holdout, seed }: FitRequest,
): Divided {
  if (heldOut === undefined && holdout === 0) return { train: sample, split: undefined };
  const rows = (flag: 0 | 1) => Array.from(heldOut!.keys()).filter((row) => heldOut![row] === flag);
  const parts =
    heldOut === undefined
      ? splitRows(sample.outcomes.length, { holdout: holdout as number, seed })
      : { train: rows(0), holdout: rows(1) };
  const split =
    typeof holdout === "number"
      ? `${Math.round(100 * holdout)} % at random, seed ${seed}`
      : `as column ${holdout.column} says`;
  const held = sampleRows(sample, parts.holdout);
  for (const [part, name] of [
    [held, "held out"],
    [sampleRows(sample, parts.train), "to fit on"],
  ] as const) {
    if (part.outcomes.includes(0) && part.outcomes.includes(1)) continue;
    throw new SetupError(`${part.outcomes.length} people ${name}: needs good and bad ones`);
  }
  return { train: sampleRows(sample, parts.train), held, split };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${file} cannot be read (${code})`);
  }
}
