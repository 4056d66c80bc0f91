// The hook of patch.mjs. It sees TypeScript: what turns that into JavaScript is registered later.
import { appendFileSync } from "node:fs";

let orders = { patches: [], patched: "" };

export function initialize(data) {
  orders = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const path = new URL(url).pathname;
  const mine = orders.patches.filter(({ file }) => path.endsWith(file));
  if (mine.length === 0) return loaded;
  let source = Buffer.from(loaded.source).toString("utf8");
  for (const { file, from, to } of mine) {
    if (source.split(from).length !== 2) throw new Error(`${file} has not once: ${from}`);
    source = source.replace(from, () => to);
    appendFileSync(orders.patched, `${file}: ${from}\n`);
  }
  return { ...loaded, source };
}
