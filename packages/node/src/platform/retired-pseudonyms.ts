/** Pseudonyms of retired epochs, which name nobody any more, go from a platform's store. */
import { logFailure, type NodeContext } from "../context.ts";
import { Persistent } from "../persistent.ts";
import { dropRange, type Stopping } from "../ranges.ts";
import { after, key } from "../store.ts";

/** Drops them in the background, now and whenever the roster becomes another, until that is done. */
export function dropRetiredPseudonyms(context: NodeContext): Persistent {
  const { parties, log, clock, rng } = context;
  const dropping = new Persistent({
    clock,
    rng,
    work: (stopping) => dropAll(context, stopping),
    notDone: (error) => logFailure(log, error),
  });
  parties.onChange(() => dropping.begin());
  dropping.begin();
  return dropping;
}

async function dropAll(
  { config, parties, store, log }: NodeContext,
  stopping: Stopping,
): Promise<void> {
  const table = store.table("pseudonyms");
  for (const { domain } of parties.domainsOf(config.name))
    for (const epoch of parties.formerEpochs(domain)) {
      const prefix = key(domain, epoch);
      const [first] = table.getKeys({ start: prefix, end: after(prefix), limit: 1 });
      if (first === undefined) continue;
      if (!(await dropRange(store, table, prefix, stopping))) return;
      log.info({ domain, epoch }, "pseudonyms of a retired epoch dropped");
    }
}
