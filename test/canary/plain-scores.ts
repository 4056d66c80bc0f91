/** What the scores should be, by everybody's data side by side: in the test only. */
import { Readable } from "node:stream";
import { parseCatalogue, parseScorecard, readDepositCsv, rowBins, score } from "@moiety/model";
import type { Canary } from "./canaries.ts";
import { PLATFORMS, SCORECARD } from "./cast.ts";

/** Scores of these people, by the plaintext scorecard. */
export async function plainScores(people: readonly Canary[]): Promise<number[]> {
  const known = people.map(() => new Map<string, ReadonlyMap<string, number>>());
  for (const { domain, catalogue: text, csv } of PLATFORMS) {
    const catalogue = parseCatalogue(text, domain);
    const { identifiers, bins } = await readDepositCsv(
      Readable.from([Buffer.from(csv)]),
      catalogue,
    );
    for (const [i, { canonical }] of people.entries()) {
      const row = identifiers.findIndex((each) => canonical && !Buffer.compare(each, canonical));
      if (row >= 0) known[i]?.set(domain, rowBins(catalogue, bins, row));
    }
  }
  const model = parseScorecard(SCORECARD, "card.json");
  return known.map((domains) => score(model, domains));
}
