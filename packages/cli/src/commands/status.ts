import type { Command } from "commander";
import { answer } from "../output.ts";
import { statusOf, statusText } from "../status.ts";
import { targetsOf } from "../target.ts";

export function addStatus(program: Command): void {
  program
    .command("status")
    .argument("<path>", "a node's YAML file, or a network folder made by init")
    .description("show which nodes are up, their connections, and what they hold")
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      "\nExamples:\n  $ moiety status net\n  $ moiety status net/bureau-a/node.yaml --json",
    )
    .action(async (path: string, { json }: { json: boolean }) => {
      const lines = await statusOf(targetsOf(path));
      answer(lines, json, statusText);
      if (lines.some((line) => "down" in line)) process.exitCode = 3;
    });
}
