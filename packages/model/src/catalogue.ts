import { framedHash } from "@moiety/crypto";
import { parseDocument } from "yaml";
import { z } from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { DocumentError, parseShape } from "./document-error.ts";
import { ANY_CATEGORY, binCount, type Feature, MAX_BINS, RETENTION } from "./feature.ts";
import {
  IDENTIFIER_TYPES,
  type IdentifierOptions,
  type IdentifierType,
  identifierOptionProblems,
} from "./identifiers.ts";
import { duplicates, kebabNameShape, nameShape, purposesShape, versionShape } from "./names.ts";

/** Features of one domain. */
export const MAX_FEATURES: number = 64;
/** Size of a catalogue file, in UTF-16 code units. */
export const MAX_CATALOGUE_LENGTH: number = 1 << 20;
/** Categories of one feature, all groups together. */
const MAX_CATEGORIES = 4096;

/** What a platform publishes about its domain: which features, in which bins, for which purposes. */
export interface Catalogue {
  /** The platform's domain; also names the OPRF key under which its users are pseudonyms. */
  readonly domain: string;
  readonly version: number;
  /** How the platform's CSV names people. */
  readonly identifier: IdentifierOptions & {
    readonly type: IdentifierType;
    readonly column: string;
  };
  /** In the order in which a deposited record lists its bins. */
  readonly features: readonly Feature[];
}

const line = (length: number) =>
  z
    .string("write text; put numbers and yes/no in quotes")
    .trim()
    .min(1, "must not be blank")
    .max(length, `at most ${length} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must not contain control characters")
    .transform((text) => text.normalize("NFC"));

/** ISO 8601 duration, in whole units of which at least one is given. */
const DURATION =
  /^P(?=\d|T\d)(?:\d{1,4}Y)?(?:\d{1,4}M)?(?:\d{1,4}W)?(?:\d{1,4}D)?(?:T(?=\d)(?:\d{1,4}H)?(?:\d{1,4}M)?(?:\d{1,4}S)?)?$/;

const facts = {
  name: nameShape,
  unit: line(40),
  meaning: line(500),
  freshness: z.string().regex(DURATION, "write an ISO 8601 duration such as P30D"),
  retention: z.exactOptional(z.string().regex(RETENTION, "write whole days such as 180d")),
  category: z.exactOptional(kebabNameShape),
  purposes: purposesShape,
  column: line(200).optional(),
  trend: z.exactOptional(z.enum(["up", "down"], "trend is up or down, or left out")),
};

const featureShape = z.discriminatedUnion(
  "type",
  [
    z.strictObject({
      ...facts,
      type: z.enum(["number", "integer"]),
      bins: z.strictObject({
        edges: z.array(z.number("write a number")).min(1, "at least one edge").max(1024),
      }),
    }),
    z.strictObject({
      ...facts,
      type: z.literal("category"),
      bins: z.strictObject({
        categories: z
          .array(z.array(line(200)).min(1, "an empty group of categories").max(MAX_CATEGORIES))
          .min(1, "at least one group of categories")
          .max(1024),
      }),
    }),
  ],
  "type is number, integer or category",
);

const catalogueShape = z.strictObject({
  domain: kebabNameShape,
  version: versionShape,
  identifier: z.strictObject({
    type: z.enum(IDENTIFIER_TYPES, `type is one of ${IDENTIFIER_TYPES.join(", ")}`),
    column: line(200),
    // Quotes, because YAML of old reads NO, Norway, as "false".
    region: z.exactOptional(z.string('write two letters, in quotes, e.g. "CN"')),
    scheme: z.exactOptional(z.string("write the name of a scheme, e.g. gb11643")),
  }),
  features: z.array(featureShape).min(1, "at least one feature").max(1024),
});

/**
 * Reads a catalogue from YAML (JSON is YAML, too). `column` defaults to the feature's name.
 *
 * @param file its name, for messages.
 * @throws DocumentError that lists what is wrong, each with its place and what to do.
 */
export function parseCatalogue(text: string, file: string): Catalogue {
  const document = `catalogue ${file}`;
  if (text.length > MAX_CATALOGUE_LENGTH) {
    throw new DocumentError(document, [`longer than ${MAX_CATALOGUE_LENGTH} characters`]);
  }
  return catalogueFromJson(parseYaml(text, document), document);
}

/**
 * A catalogue from plain data, e.g. from canonical JSON that a peer sent.
 *
 * @param document what it is, for messages.
 * @throws DocumentError that lists what is wrong.
 */
export function catalogueFromJson(value: unknown, document: string = "catalogue"): Catalogue {
  const raw = parseShape(catalogueShape, value, document);
  const catalogue: Catalogue = {
    ...raw,
    features: raw.features.map((feature) => ({
      ...feature,
      column: feature.column ?? feature.name,
    })),
  };
  const problems = catalogueProblems(catalogue);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return catalogue;
}

/** The catalogue as canonical JSON, defaults filled in: what two files that mean the same share. */
export function catalogueBytes(catalogue: Catalogue): Uint8Array {
  return canonicalJson(catalogue);
}

/** Context of the digest of a catalogue's canonical bytes. */
export const CATALOGUE_CONTEXT: string = "moiety/catalogue/v1";

/**
 * Names exactly this catalogue (32 bytes). A plain hash, without salt, is right here: a catalogue is
 * public, so there is nothing to guess, and everybody must be able to recompute it.
 */
export function catalogueDigest(catalogue: Catalogue): Uint8Array {
  return framedHash(CATALOGUE_CONTEXT, catalogueBytes(catalogue));
}

/** Position of a feature in the records of its domain, or -1. */
export function featureIndex(catalogue: Catalogue, name: string): number {
  return catalogue.features.findIndex((feature) => feature.name === name);
}

function parseYaml(text: string, document: string): unknown {
  // Duplicate keys are errors; unknown tags and everything else doubtful are warnings: refused, too.
  const parsed = parseDocument(text, { schema: "core", uniqueKeys: true });
  const complaints = [...parsed.errors, ...parsed.warnings];
  if (complaints.length > 0) {
    throw new DocumentError(
      document,
      complaints.map((complaint) => `not valid YAML: ${complaint.message.split("\n")[0]}`),
    );
  }
  try {
    // No aliases: they can make a small file a huge value.
    return parsed.toJS({ maxAliasCount: 0 });
  } catch {
    throw new DocumentError(document, ["uses YAML aliases (*name): write the value out instead"]);
  }
}

function catalogueProblems({ features, identifier }: Catalogue): string[] {
  const problems: string[] = [];
  if (features.length > MAX_FEATURES) {
    problems.push(`${features.length} features; at most ${MAX_FEATURES} in one domain`);
  }
  for (const problem of identifierOptionProblems(identifier.type, identifier)) {
    problems.push(`identifier.${problem}`);
  }
  for (const name of duplicates(features.map((feature) => feature.name))) {
    problems.push(`feature "${name}" is declared twice: give each its own name`);
  }
  for (const name of duplicates([identifier.column, ...features.map(({ column }) => column)])) {
    problems.push(`column "${name}" is used twice: each feature and the identifier need their own`);
  }
  return problems.concat(features.flatMap(featureProblems));
}

function featureProblems(feature: Feature): string[] {
  const problems: string[] = [];
  const culprit = `feature "${feature.name}"`;
  const bins = binCount(feature);
  if (bins > MAX_BINS) {
    problems.push(`${culprit} has ${bins} bins; at most ${MAX_BINS} (bin 0 is "missing")`);
  }
  if (feature.type === "category") {
    for (const category of duplicates(feature.bins.categories.flat())) {
      const what = category === ANY_CATEGORY ? 'the rest, "*",' : `category "${category}"`;
      problems.push(`${culprit}: ${what} is in two places: list it once`);
    }
  } else if (feature.bins.edges.some((edge, i, edges) => i > 0 && !(edge > edges[i - 1]!))) {
    problems.push(`${culprit}: edges must ascend, each above the one before`);
  }
  return problems;
}
