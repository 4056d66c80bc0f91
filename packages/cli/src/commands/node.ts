import type { Command } from "commander";
import { runNode } from "../run-node.ts";

export function addNode(program: Command): void {
  program
    .command("node")
    .argument("<config>", "the node's YAML file")
    .description("run a node until Ctrl-C")
    .addHelpText("after", "\nExample:\n  $ moiety node net/bureau-a/node.yaml")
    .action(async (config: string) => runNode(config));
}
