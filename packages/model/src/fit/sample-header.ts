/** Which column of a development sample is what. */
import type { Catalogue } from "../catalogue.ts";
import { DocumentError } from "../document-error.ts";
import type { Feature } from "../feature.ts";
import { characteristicName } from "../scorecard.ts";

export interface SampleColumns {
  readonly target: number;
  /** Undefined unless a column of the holdout was named. */
  readonly holdout: number | undefined;
  readonly features: readonly {
    readonly domain: string;
    readonly feature: Feature;
    readonly at: number;
  }[];
  readonly attributes: readonly { readonly name: string; readonly at: number }[];
  /** Features of the catalogues that the file does not have, as `domain/feature`. */
  readonly absent: readonly string[];
  /** Columns that are nothing to the fit. */
  readonly unused: readonly string[];
}

/**
 * Finds the columns. A feature's is called `domain/feature`, like the feature, or like its column in
 * the platform's CSV; the first of these that is there counts.
 *
 * @throws DocumentError if the target is not there, no feature is, or one column could be two things.
 */
export function sampleColumns(
  header: readonly string[],
  catalogues: readonly Catalogue[],
  wanted: {
    readonly target: string;
    readonly holdoutColumn?: string | undefined;
    readonly attributes?: readonly string[];
  },
  document: string,
): SampleColumns {
  const problems: string[] = [];
  const taken = new Map<number, string>();
  const take = (at: number, what: string): number => {
    const before = taken.get(at);
    if (before !== undefined) {
      const advice = before.includes("/") ? "; name the columns domain/feature" : "";
      problems.push(`line 1: column "${header[at]}" would be ${before} and ${what}${advice}`);
    }
    taken.set(at, what);
    return at;
  };
  const find = (name: string): number => {
    const at = header.indexOf(name);
    if (at >= 0 && header.indexOf(name, at + 1) >= 0) {
      problems.push(`line 1: column "${name}" occurs more than once; keep one`);
    }
    return at;
  };
  const demand = (name: string, what: string): number => {
    const at = find(name);
    if (at >= 0) return take(at, what);
    problems.push(`line 1: no column "${name}", which was named as ${what}`);
    return -1;
  };
  const target = demand(wanted.target, "the target");
  const holdout =
    wanted.holdoutColumn === undefined
      ? undefined
      : demand(wanted.holdoutColumn, "the holdout's column");
  const attributes = (wanted.attributes ?? []).map((name) => ({
    name,
    at: demand(name, "a protected attribute"),
  }));
  const absent: string[] = [];
  const features = catalogues.flatMap(({ domain, features: listed }) =>
    listed.flatMap((feature) => {
      const name = characteristicName({ domain, feature: feature.name });
      const at = [name, feature.name, feature.column].map(find).find((found) => found >= 0);
      if (at !== undefined) return [{ domain, feature, at: take(at, name) }];
      absent.push(name);
      return [];
    }),
  );
  if (features.length === 0) {
    problems.push("line 1: no column of any feature; columns are called as in the catalogues");
  }
  if (problems.length > 0) throw new DocumentError(document, [...new Set(problems)]);
  const unused = header.filter((_, at) => !taken.has(at));
  return { target, holdout, features, attributes, absent, unused };
}
