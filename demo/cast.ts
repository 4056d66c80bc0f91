/** Who and what the demo plays with, as files in one folder: made by one run, opened by any. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type Catalogue,
  canonicalIdentifier,
  DocumentError,
  IDENTIFIER_TYPES,
  type IdentifierType,
  parseCatalogue,
  parseScorecard,
  type Scorecard,
} from "@moiety/model";
import { SetupError } from "@moiety/node";
import { z } from "zod";
import { moveDurably, writeAtomically } from "./kept/atomic-file.ts";

export interface DemoPerson {
  /** As the bank writes it. */
  readonly identifier: string;
  /** 1: defaulted; undefined: not known. */
  readonly outcome: 0 | 1 | undefined;
}

export interface DemoPlatform {
  readonly catalogue: Catalogue;
  readonly catalogueFile: string;
  readonly csv: string;
}

export interface Cast {
  /** Names of the network and of the bank. */
  readonly network: string;
  readonly bank: string;
  /** Whom the bank asks about. */
  readonly people: readonly DemoPerson[];
  readonly platforms: readonly DemoPlatform[];
  readonly model: Scorecard;
  readonly modelFile: string;
  readonly type: IdentifierType;
  /** How the model was fitted, where the demo did it. */
  readonly fitted: FittedFacts | undefined;
  /** What the network's scores must reach. */
  readonly atLeast: { readonly auc?: number | undefined; readonly ks?: number | undefined };
}

const judged = z.object({ auc: z.number(), ks: z.number(), gini: z.number() });
/** How well scores tell good from bad. */
export type Judged = z.infer<typeof judged>;

const fittedFacts = z.object({
  /** People of the development sample, and features that the fit was given. */
  people: z.int(),
  features: z.int(),
  /** The model before points were rounded, on the held-out people. */
  float: judged,
  /** Page with the fit's report, beside the other files. */
  report: z.string().optional(),
});
export type FittedFacts = z.infer<typeof fittedFacts>;

/** What whoever prepares a cast leaves in its folder, beside the files that this names. */
const manifest = z.object({
  network: z.string(),
  bank: z.string(),
  type: z.enum(IDENTIFIER_TYPES),
  platforms: z.array(z.object({ catalogue: z.string(), csv: z.string() })),
  /** `[identifier, outcome]`; null: not known. */
  people: z.array(z.tuple([z.string(), z.union([z.literal(0), z.literal(1), z.null()])])),
  model: z.string(),
  fitted: fittedFacts.optional(),
  atLeast: z.object({ auc: z.number().optional(), ks: z.number().optional() }).default({}),
});
export type CastManifest = z.input<typeof manifest>;

const FOLDER = "cast";
const MANIFEST = "cast.json";

/**
 * Opens the cast in `folder`, or has it made there first: whole or not at all. `made` says which.
 *
 * @param prepare writes files into the folder that it is given, and names them.
 */
export async function openCast(
  folder: string,
  prepare: (folder: string) => Promise<CastManifest>,
): Promise<{ cast: Cast; made: boolean }> {
  const place = join(folder, FOLDER);
  const made = !existsSync(place);
  if (made) {
    const unfinished = join(folder, `${FOLDER}.part`);
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { mode: 0o700 });
    const content = await prepare(unfinished);
    writeAtomically(join(unfinished, MANIFEST), JSON.stringify(content));
    moveDurably(unfinished, place);
  }
  return { cast: readCast(place), made };
}

function readCast(place: string): Cast {
  const inPlace = (name: string): string => join(place, name);
  try {
    const content = manifest.parse(JSON.parse(readFileSync(inPlace(MANIFEST), "utf8")));
    const { network, bank, type, fitted, atLeast } = content;
    const modelFile = inPlace(content.model);
    return {
      network,
      bank,
      type,
      atLeast,
      people: content.people.map(([identifier, outcome]) => ({
        identifier,
        outcome: outcome ?? undefined,
      })),
      platforms: content.platforms.map(({ catalogue, csv }) => ({
        catalogue: readCatalogue(inPlace(catalogue)),
        catalogueFile: inPlace(catalogue),
        csv: inPlace(csv),
      })),
      model: parseScorecard(readFileSync(modelFile, "utf8"), basename(modelFile)),
      modelFile,
      fitted: fitted?.report ? { ...fitted, report: inPlace(fitted.report) } : fitted,
    };
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    throw new SetupError(`${place} is damaged: run with --fresh to start over`);
  }
}

/** The key under which the plaintext computation knows a person. */
export function plainKey(type: IdentifierType, identifier: string): string {
  const canonical = canonicalIdentifier(type, identifier);
  if (!canonical.ok)
    throw new SetupError(`an identifier of the demo is unfit: ${canonical.reason}`);
  return Buffer.from(canonical.bytes).toString();
}

/** Reads a catalogue file; errors as `parseCatalogue`. */
export function readCatalogue(file: string): Catalogue {
  return parseCatalogue(readFileSync(file, "utf8"), basename(file));
}
