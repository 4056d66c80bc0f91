import { diagnose, type Finding } from "@moiety/node";
import type { Command } from "commander";
import { outColours as pc } from "../colours.ts";
import { configsOf } from "../target.ts";

const MARKS = {
  ok: pc.green("ok  "),
  warning: pc.yellow("warn"),
  failure: pc.red("FAIL"),
} as const;

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .argument("<path>", "a node's YAML file, or a network folder made by init")
    .description("look for what is wrong with a node's set-up, and say what to do about it")
    .option("--json", "answer as JSON lines, one for each finding", false)
    .addHelpText(
      "after",
      "\nLooks at configuration, roster, keys, certificate, folders, disk, port, store, clock and" +
        "\npeers. Changes nothing; may be run at any time, also while the node runs." +
        "\nExit code 1 if anything failed, 0 with warnings only." +
        "\n\nExample:\n  $ moiety doctor net/bureau-a/node.yaml",
    )
    .action(async (path: string, { json }: { json: boolean }) => {
      const files = configsOf(path);
      let failed = false;
      for (const file of files) {
        if (!json && files.length > 1) process.stdout.write(`\n${pc.bold(file)}\n`);
        for await (const finding of diagnose(file)) {
          failed ||= finding.verdict === "failure";
          process.stdout.write(json ? `${JSON.stringify({ file, ...finding })}\n` : shown(finding));
        }
      }
      if (failed) process.exitCode = 1;
    });
}

function shown({ check, verdict, detail, remedy }: Finding): string {
  const line = `${MARKS[verdict]} ${check.padEnd(18)} ${detail}\n`;
  return remedy === undefined ? line : `${line}${" ".repeat(24)}${pc.dim("→")} ${remedy}\n`;
}
