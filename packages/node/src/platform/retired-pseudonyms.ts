/** Pseudonyms of retired epochs, which name nobody any more, go from a platform's store. */
import { logFailure, type NodeContext } from "../context.ts";
import { Persistent } from "../persistent.ts";
import { after, key } from "../store.ts";

/** Removed in one transaction. */
const SLICE = 500;
/** Epochs before the newest whose remains are looked for. */
const MAX_FORMER = 64;

/** Drops them in the background, now and whenever the roster becomes another, until that is done. */
export function dropRetiredPseudonyms(context: NodeContext): Persistent {
  const { parties, log, clock, rng } = context;
  const dropping = new Persistent({
    clock,
    rng,
    work: () => dropAll(context),
    notDone: (error) => logFailure(log, error),
  });
  parties.onChange(() => dropping.begin());
  dropping.begin();
  return dropping;
}

async function dropAll({ config, parties, store, log }: NodeContext): Promise<void> {
  const table = store.table("pseudonyms");
  for (const { domain, epoch: newest } of parties.domainsOf(config.name)) {
    for (let epoch = Math.max(1, newest - MAX_FORMER); epoch < newest; epoch += 1) {
      if (parties.keysOf(domain, epoch) !== undefined) continue;
      const prefix = key(domain, epoch);
      const range = { start: prefix, end: after(prefix), limit: SLICE };
      let dropped = 0;
      for (let keys = [...table.getKeys(range)]; keys.length > 0; ) {
        const slice = keys;
        await store.transaction(() => {
          for (const each of slice) void table.remove(each);
        });
        dropped += slice.length;
        keys = [...table.getKeys(range)];
      }
      if (dropped > 0)
        log.info({ domain, epoch, dropped }, "pseudonyms of a retired epoch dropped");
    }
  }
}
