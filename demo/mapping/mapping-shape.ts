/** The form of a mapping file; what its parts mean together is checked in mapping-rules.ts. */
import { kebabNameShape, MAX_BINS, MAX_FEATURES, nameShape, purposesShape } from "@moiety/model";
import { z } from "zod";

/** Bins of a feature besides "missing". */
const MOST_BINS = MAX_BINS - 1;
const MAX_PLATFORMS = 16;
const MAX_COLUMNS = 1024;

const text = (length: number) =>
  z
    .string("write text; put numbers and yes/no in quotes")
    .trim()
    .min(1, "must not be blank")
    .max(length, `at most ${length} characters`);
const columnName = text(200);
const finite = z.number("write a number");
const ascending = (numbers: readonly number[]): boolean =>
  numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);

/** A code as it stands in a cell; `1` in YAML is the cell `1`. */
const code = z.union([text(200), finite.transform(String)], "write the cell's text");
const codes = z.array(code).min(1, "list at least one code").max(4096);

const bins = z.union(
  [
    z.strictObject({
      edges: z
        .array(finite)
        .min(1, "at least one edge")
        .max(MOST_BINS - 1, `at most ${MOST_BINS - 1} edges`)
        .refine(ascending, "edges must ascend"),
    }),
    z.strictObject({
      quantiles: z.int().min(2).max(MOST_BINS),
      special: z.array(finite).max(MOST_BINS).default([]),
    }),
    z.strictObject({
      categories: z.array(codes).min(1).max(MOST_BINS, `at most ${MOST_BINS} groups`),
    }),
  ],
  `bins is { edges: [ascending numbers, at most ${MOST_BINS - 1}] }, ` +
    `{ quantiles: 2 to ${MOST_BINS}, special: [numbers] } or { categories: [[code, code], [code]] }`,
);

const feature = z.strictObject({
  name: nameShape,
  type: z.enum(["number", "integer", "category"], "type is number, integer or category"),
  unit: text(40),
  meaning: text(500),
  freshness: text(40).default("P31D"),
  trend: z.enum(["up", "down", "auto", "free"], "trend is up, down, auto or free").optional(),
  column: columnName.optional(),
  /** Read by `parseExpression`, whose messages say more than a union's would. */
  derive: z.unknown().optional(),
  bins,
});

const share = z.number().gt(0, "must be above 0").lt(1, "must be below 1");
const positive = finite.positive("must be above 0");

export const mappingShape = z.strictObject({
  name: kebabNameShape,
  missing: z.array(code).max(100).default([]),
  target: z.strictObject({ column: columnName, bad: codes, good: codes }),
  identifier: z.union(
    [z.strictObject({ column: columnName }), z.strictObject({ rows: kebabNameShape })],
    "identifier is { column: NAME } or { rows: prefix }",
  ),
  split: z.strictObject({ seed: text(200), holdout: share }),
  purposes: purposesShape,
  bank: z.strictObject({
    name: kebabNameShape.default("bank"),
    model: z.strictObject({
      name: nameShape,
      version: z.int().min(1).max(0x7fff_ffff).default(1),
      scaling: z
        .strictObject({
          pdo: z.exactOptional(positive),
          odds: z.exactOptional(positive),
          anchorScore: z.exactOptional(finite),
        })
        .exactOptional(),
      fit: z
        .strictObject({
          minShare: z.exactOptional(finite),
          minClass: z.exactOptional(finite),
          chiSquare: z.exactOptional(finite),
          maxBins: z.exactOptional(finite),
          smoothing: z.exactOptional(finite),
          minIv: z.exactOptional(finite),
          ridge: z.exactOptional(finite),
        })
        .exactOptional(),
    }),
  }),
  atLeast: z.strictObject({ auc: z.exactOptional(share), ks: z.exactOptional(share) }).default({}),
  platforms: z
    .array(
      z.strictObject({
        domain: kebabNameShape,
        columns: z.array(columnName).min(1, "at least one column").max(MAX_COLUMNS),
        features: z
          .array(feature)
          .min(1, "at least one feature")
          .max(MAX_FEATURES, `at most ${MAX_FEATURES} features`),
      }),
    )
    .min(1, "at least one platform")
    .max(MAX_PLATFORMS, `at most ${MAX_PLATFORMS} platforms`),
});
