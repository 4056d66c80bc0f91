/** What every stage of the demo works with. */
import type { Cast } from "./cast.ts";
import type { Ledger, StageName } from "./kept/ledger.ts";
import type { Results } from "./kept/results.ts";
import type { Nodes } from "./nodes.ts";
import type { Teller } from "./teller.ts";

export interface Scene {
  readonly folder: string;
  readonly cast: Cast;
  readonly nodes: Nodes;
  readonly tell: Teller;
  readonly ledger: Ledger;
  readonly results: Results;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/**
 * Does the work and books what it took, also when it is broken off.
 *
 * @param stage on which to book it; asked at the end.
 * @param work calls back with how many people or records it has done.
 */
export async function booked<T>(
  { nodes, ledger }: Pick<Scene, "nodes" | "ledger">,
  stage: () => StageName,
  work: (count: (items: number) => void) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  let items = 0;
  try {
    return await work((more) => {
      items += more;
    });
  } finally {
    const seconds = (performance.now() - started) / 1000;
    ledger.book(stage(), seconds, items, await nodes.statuses());
  }
}
