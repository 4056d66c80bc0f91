import { resolve } from "node:path";
import { SetupError } from "@moiety/node";
import type { Command } from "commander";
import { followDeposit } from "../deposit-progress.ts";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

interface Options {
  readonly all: boolean;
  readonly full: boolean;
  readonly json: boolean;
}

export function addWithdraw(program: Command): void {
  program
    .command("withdraw")
    .argument("<config>", "YAML file of a platform that runs")
    .argument("[ids]", "CSV whose column `id` names the people to remove")
    .description("remove people from a platform's deposit")
    .option("--all", "remove everybody", false)
    .option("--full", "send everybody else anew, so that a bureau cannot see who went", false)
    .option("--json", "answer as JSON, without a progress bar", false)
    .addHelpText(
      "after",
      `
From the new version on they count as unknown. The bureaus erase their halves once both have it, some
minutes later. Interrupted, run the same command again: it resumes.

Examples:
  $ moiety withdraw net/telecom/node.yaml leaving.csv
  $ moiety withdraw net/telecom/node.yaml --all`,
    )
    .action(async (config: string, ids: string | undefined, { all, full, json }: Options) => {
      if ((ids === undefined) === !all)
        throw new SetupError("name a file of people to withdraw, or --all, and not both");
      const { socket } = targetOf(config, "platform");
      const body = { ...(ids !== undefined && { csv: resolve(ids) }), ...(full && { full }) };
      const last = await followDeposit(socket, "/withdraw", body, json);
      const { done = 0, version = 0, removed = 0, absent = 0 } = last ?? {};
      answer({ removed, absent, records: done, version }, json, () => {
        const unknown = absent > 0 ? `; ${absent} were not deposited` : "";
        return `withdrew ${removed} people; ${done} stay in version ${version}${unknown}`;
      });
    });
}
