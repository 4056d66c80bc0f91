/**
 * What nobody in the network can do: put one person's features from all platforms side by side. The
 * demo can, for it made them up, and does so to fit its scorecard and to check every score.
 */
import type { Readable } from "node:stream";
import { type BinsByDomain, type Catalogue, readDepositCsv, rowBins } from "@moiety/model";

/** A platform's CSV (path or stream) and the catalogue that explains it. */
interface PlatformSource {
  readonly catalogue: Catalogue;
  readonly csv: string | Readable;
}

/**
 * Everybody's bins, by canonical identifier as text (`phone:+86…`). Who is not in it is known to no
 * platform: use an empty map. Errors as `readDepositCsv`.
 */
export async function binsInTheClear(
  sources: readonly PlatformSource[],
): Promise<ReadonlyMap<string, BinsByDomain>> {
  const people = new Map<string, Map<string, ReadonlyMap<string, number>>>();
  for (const { catalogue, csv } of sources) {
    const table = await readDepositCsv(csv, catalogue);
    const decoder = new TextDecoder();
    table.identifiers.forEach((identifier, row) => {
      const key = decoder.decode(identifier);
      const person = people.get(key) ?? new Map<string, ReadonlyMap<string, number>>();
      people.set(key, person.set(catalogue.domain, rowBins(catalogue, table.bins, row)));
    });
  }
  return people;
}
