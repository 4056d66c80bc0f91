/** From a mapping's YAML to a checked `Mapping`. */
import { DocumentError, documentPath } from "@moiety/model";
import { parseDocument } from "yaml";
import type { z } from "zod";
import { type Expression, parseExpression } from "./expression.ts";
import type { MappedFeature, Mapping } from "./mapping.ts";
import { mappingProblems } from "./mapping-rules.ts";
import { mappingShape } from "./mapping-shape.ts";

/** Size of a mapping file, in UTF-16 code units. */
const MAX_MAPPING_LENGTH = 256 * 1024;

/**
 * Reads a mapping from YAML.
 *
 * @param file its name, for messages.
 * @throws DocumentError that lists what is wrong, each with its key and what to do.
 */
export function parseMapping(text: string, file: string): Mapping {
  const document = `mapping ${file}`;
  if (text.length > MAX_MAPPING_LENGTH)
    throw new DocumentError(document, [`longer than ${MAX_MAPPING_LENGTH} characters`]);
  const parsed = mappingShape.safeParse(parseYaml(text, document));
  if (!parsed.success)
    throw new DocumentError(
      document,
      parsed.error.issues.map(({ path, message }) => `${documentPath(path)}: ${message}`),
    );
  const problems: string[] = [];
  const mapping = withExpressions(parsed.data, problems);
  if (problems.length === 0) problems.push(...mappingProblems(mapping));
  if (problems.length > 0) throw new DocumentError(document, problems);
  return mapping;
}

type Shape = z.infer<typeof mappingShape>;

/** Replaces `column` or `derive` of each feature by what it is computed from. */
function withExpressions(shape: Shape, problems: string[]): Mapping {
  const platforms = shape.platforms.map((platform, p) => ({
    ...platform,
    features: platform.features.map((feature, f): MappedFeature => {
      const { column, derive, trend, ...rest } = feature;
      const source = sourceOf(column, derive, ["platforms", p, "features", f], problems);
      return { ...rest, source, ...(trend !== undefined && { trend }) };
    }),
  }));
  return { ...shape, platforms };
}

function sourceOf(
  column: string | undefined,
  derive: unknown,
  path: readonly PropertyKey[],
  problems: string[],
): Expression {
  if ((column === undefined) === (derive === undefined)) {
    problems.push(`${documentPath(path)}: needs either column or derive`);
    return "";
  }
  if (column !== undefined) return column;
  const expression = parseExpression(derive);
  if (!Array.isArray(expression)) return expression as Expression;
  for (const { path: within, message } of expression)
    problems.push(`${documentPath([...path, "derive", ...within])}: ${message}`);
  return "";
}

function parseYaml(text: string, document: string): unknown {
  try {
    const parsed = parseDocument(text, { schema: "core", uniqueKeys: true });
    const complaints = [...parsed.errors, ...parsed.warnings];
    if (complaints.length > 0)
      throw new DocumentError(
        document,
        complaints.map(({ message }) => `not valid YAML: ${message.split("\n")[0]}`),
      );
    // No aliases: they can make a small file a huge value.
    return parsed.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof DocumentError) throw error;
    const why = error instanceof RangeError ? "it is nested too deeply" : "it uses aliases (*name)";
    throw new DocumentError(document, [`${why}: write the values out plainly`]);
  }
}
