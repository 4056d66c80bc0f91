import { resolve } from "node:path";
import { type DepositProgress, streamNode } from "@moiety/node";
import type { Command } from "commander";
import { untilInterrupted } from "../interrupt.ts";
import { answer } from "../output.ts";
import { progressBar } from "../progress.ts";
import { targetOf } from "../target.ts";

export function addDeposit(program: Command): void {
  program
    .command("deposit")
    .argument("<config>", "YAML file of a platform that runs")
    .argument("<csv>", "its users: the identifier's column and one per feature of its catalogue")
    .description("split a platform's users into halves and hand one to each bureau")
    .option("--json", "answer as JSON, without a progress bar", false)
    .addHelpText(
      "after",
      `
The file is checked whole before anything leaves. Interrupted, run the same command again: it resumes.
A deposit replaces the platform's former one.

Example:
  $ moiety deposit net/telecom/node.yaml users.csv`,
    )
    .action(async (config: string, csv: string, { json }: { json: boolean }) => {
      const { socket } = targetOf(config, "platform");
      const progress = progressBar(json);
      let last: DepositProgress | undefined;
      try {
        const body = { csv: resolve(csv) };
        const signal = untilInterrupted("interrupted: run the same command again to resume");
        const steps = streamNode<DepositProgress>(socket, "/deposit", { body, signal });
        for await (const step of steps) {
          last = step;
          if (step.stage !== "done") progress.update(step.done, step.of, labelOf(step));
        }
      } finally {
        progress.stop();
      }
      const { done = 0, version = 0 } = last ?? {};
      answer(
        { records: done, version },
        json,
        () => `deposited ${done} people as version ${version}`,
      );
    });
}

function labelOf({ stage, bureau }: DepositProgress): string {
  return bureau === undefined ? stage : `to ${bureau}`;
}
