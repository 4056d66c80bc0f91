/** The demo's network on disk: made once, whole or not at all, and opened again by later runs. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeNetwork } from "@moiety/cli";
import type { Cast } from "./cast.ts";
import { moveDurably } from "./kept/atomic-file.ts";

/** Configuration files of all nodes, by name. */
export type Configs = Readonly<Record<string, string>>;

/** Makes the network in `folder`/network unless it is there; `made` says which. */
export async function openNetwork(
  folder: string,
  { network, bank, platforms }: Cast,
): Promise<{ configs: Configs; made: boolean }> {
  const place = join(folder, "network");
  const made = !existsSync(place);
  if (made) {
    const unfinished = join(folder, "network.part");
    rmSync(unfinished, { recursive: true, force: true });
    await makeNetwork(unfinished, {
      network,
      banks: [bank],
      catalogues: platforms.map(({ catalogueFile }) => catalogueFile),
      host: "127.0.0.1",
      basePort: 0,
    });
    moveDurably(unfinished, place);
  }
  const names = readdirSync(place).filter((name) => existsSync(join(place, name, "node.yaml")));
  const configs = Object.fromEntries(names.map((name) => [name, join(place, name, "node.yaml")]));
  return { configs, made };
}
