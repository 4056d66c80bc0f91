/**
 * A party whose steps are chosen by hand, one by one: what a laboratory or a demonstration plays a
 * rogue with. It is on the network as its node would be, and stands in for it while that is stopped.
 */
import { ModelBook } from "./bank/book.ts";
import { readConfig } from "./config.ts";
import { type NodeContext, openContext } from "./context.ts";
import { machine } from "./surroundings.ts";

/**
 * Opens what a stopped node has, connects, and closes all of it again however `work` ends. `models` are
 * a bank's.
 */
export async function byHand<T>(
  file: string,
  work: (context: NodeContext, models: ModelBook) => Promise<T>,
): Promise<T> {
  const context = await openContext(readConfig(file), machine);
  try {
    await context.links.start();
    return await work(context, new ModelBook(context.store));
  } finally {
    context.switchboard.close();
    await context.links.close();
    await context.store.close();
  }
}
