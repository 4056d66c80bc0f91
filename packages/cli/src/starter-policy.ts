/** The purpose policy with which `moiety init --consent` starts: to be read, and replaced, by the supervisor. */
import type { Catalogue } from "@moiety/model";
import { NEVER_CATEGORIES, type PurposePolicy, UNCATEGORISED } from "@moiety/policy";

/** In thousandths of a cent: 20 cents. */
const SCORE_PRICE = 20_000;

/** Permits every purpose that these catalogues name, with all of their categories. */
export function starterPolicy(
  network: string,
  catalogues: readonly Catalogue[],
  times: { readonly issuedAt: string; readonly expiresAt: string },
): PurposePolicy {
  const features = catalogues.flatMap((catalogue) => catalogue.features);
  const codes = [...new Set(features.flatMap(({ purposes }) => purposes))].sort();
  const categories = features.map(({ category }) => category ?? UNCATEGORISED);
  return {
    network,
    version: 1,
    ...times,
    never: NEVER_CATEGORIES,
    bitsPerYear: 120,
    // None: a model of the few features of a starter catalogue tells what each of them is.
    leakage: { bits: 4, gain: 16, advantage: 1 },
    purposes: codes.map((code) => ({
      code,
      meaning: `${code.replaceAll("-", " ")}, as the platforms' catalogues permit it`,
      categories: [...new Set(categories)].sort(),
      outputs: ["score"],
      inquiries: { times: 12, per: "30d" },
      longestConsent: "366d",
      longestDataLife: "366d",
      reasons: "optional",
    })),
    fees: [
      {
        from: times.issuedAt,
        currency: "EUR",
        prices: codes.map((purpose) => ({ purpose, output: "score", thousandths: SCORE_PRICE })),
        shares: { bureauA: 250, bureauB: 250, platforms: 500 },
      },
    ],
  };
}
