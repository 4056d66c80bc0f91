import type { z } from "zod";

/** Problems listed in one error; more are counted, not listed. */
export const MAX_LISTED_PROBLEMS: number = 20;

/**
 * A file that somebody wrote by hand or received (catalogue, scorecard, CSV, roster, certificate)
 * is not acceptable. Each problem names the culprit and what to do.
 *
 * Security: whoever builds one keeps identifiers, feature values, points and keys out of it; the
 * message goes to terminals and logs.
 */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  /** What was read, as the reader called it: `catalogue telecom.yaml`. */
  readonly document: string;
  /** One sentence each, at least one. */
  readonly problems: readonly string[];

  constructor(document: string, problems: readonly string[]) {
    const listed = problems.slice(0, MAX_LISTED_PROBLEMS);
    const hidden = problems.length - listed.length;
    if (hidden > 0) listed.push(`and ${hidden} more`);
    super(
      listed.length === 1
        ? `${document}: ${listed[0]}`
        : `${document}:${listed.map((problem) => `\n  - ${problem}`).join("")}`,
    );
    this.document = document;
    this.problems = problems;
  }
}

/** `["features", 3, "bins"]` becomes `features[3].bins`; the document itself becomes `(top level)`. */
export function documentPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else text += text === "" ? String(key) : `.${String(key)}`;
  }
  return text === "" ? "(top level)" : text;
}

/**
 * Parses `value` by `schema` or throws a `DocumentError` that gives the path of everything wrong.
 * Schemas never echo the offending value in their messages.
 */
export function parseShape<T>(schema: z.ZodType<T>, value: unknown, document: string): T {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  throw new DocumentError(
    document,
    outcome.error.issues.map((issue) => `${documentPath(issue.path)}: ${issue.message}`),
  );
}
