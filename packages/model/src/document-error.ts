import type { z } from "zod";

/** Problems listed in one error; more are counted, not listed. */
export const MAX_LISTED_PROBLEMS: number = 20;
/** Characters of one problem. It may quote a name that a stranger chose, as long as they liked. */
export const MAX_PROBLEM_LENGTH: number = 500;
/** What does something to a terminal, or to the lines of a log, instead of being read. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

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
  /** One sentence each, at least one; printable, and at most `MAX_PROBLEM_LENGTH` characters. */
  readonly problems: readonly string[];

  constructor(document: string, problems: readonly string[]) {
    const legible = problems.map((problem) => printable(problem, MAX_PROBLEM_LENGTH));
    const listed = legible.slice(0, MAX_LISTED_PROBLEMS);
    const hidden = problems.length - listed.length;
    if (hidden > 0) listed.push(`and ${hidden} more`);
    super(
      listed.length === 1
        ? `${document}: ${listed[0]}`
        : `${document}:${listed.map((problem) => `\n  - ${problem}`).join("")}`,
    );
    this.document = document;
    this.problems = legible;
  }

  /** All of it in one line that can be sent, of at most so many UTF-16 units. */
  inOneLine(maxLength: number): string {
    return printable(`${this.document}: ${this.problems.join("; ")}`, maxLength);
  }
}

/**
 * `text` cut to so many UTF-16 units, with a replacement character for each that is no graphic one:
 * controls, line ends, what turns the direction of writing, halves of a pair.
 */
export function printable(text: string, maxLength: number): string {
  const short = text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
  return short.replace(UNPRINTABLE, "\u{fffd}");
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
