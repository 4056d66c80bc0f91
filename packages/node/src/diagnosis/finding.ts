/** What an examination of a node found. */

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly verdict: "ok" | "warning" | "failure";
  /** What was seen. Never a secret, never anything of a person. */
  readonly detail: string;
  /** What to do about it; with every verdict but "ok". */
  readonly remedy?: string;
}

export function ok(check: string, detail: string): Finding {
  return { check, verdict: "ok", detail };
}

export function warning(check: string, detail: string, remedy: string): Finding {
  return { check, verdict: "warning", detail, remedy };
}

export function failure(check: string, detail: string, remedy: string): Finding {
  return { check, verdict: "failure", detail, remedy };
}

/** Runs one check; what it throws is its failure, in the error's own words. */
export async function examined(
  check: string,
  remedy: string,
  look: () => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const found = await look();
    return Array.isArray(found) ? (found as readonly Finding[]) : [found as Finding];
  } catch (error) {
    return [failure(check, error instanceof Error ? error.message : "unknown error", remedy)];
  }
}
