import { resolve } from "node:path";
import type { Command } from "commander";
import { followDeposit } from "../deposit-progress.ts";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

interface Options {
  readonly update: boolean;
  readonly full: boolean;
  readonly json: boolean;
}

export function addDeposit(program: Command): void {
  program
    .command("deposit")
    .argument("<config>", "YAML file of a platform that runs")
    .argument("<csv>", "its users: the identifier's column and one per feature of its catalogue")
    .description("split a platform's users into halves and hand one to each bureau")
    .option(
      "--update",
      "the file names only people who are new or changed; nobody is removed",
      false,
    )
    .option("--full", "send everybody anew, so that a bureau cannot see who changed", false)
    .option("--json", "answer as JSON, without a progress bar", false)
    .addHelpText(
      "after",
      `
The file is checked whole before anything leaves. Interrupted, run the same command again: it resumes.
Without --update the file is everybody: who is not in it any more is removed. Only what differs from
the last deposit is sent, where that is smaller; people are removed with \`moiety withdraw\`.

Examples:
  $ moiety deposit net/telecom/node.yaml users.csv
  $ moiety deposit net/telecom/node.yaml new-and-changed.csv --update`,
    )
    .action(async (config: string, csv: string, { update, full, json }: Options) => {
      const { socket } = targetOf(config, "platform");
      const body = { csv: resolve(csv), ...(update && { update }), ...(full && { full }) };
      const last = await followDeposit(socket, "/deposit", body, json);
      const { done = 0, version = 0, kind = "snapshot", put = 0, removed = 0 } = last ?? {};
      answer({ records: done, version, kind, put, removed }, json, () =>
        kind === "unchanged"
          ? `nothing has changed: version ${version} with ${done} people stays`
          : `deposited ${done} people as version ${version}${detailOf(kind, put, removed)}`,
      );
    });
}

function detailOf(kind: string, put: number, removed: number): string {
  return kind === "delta" ? ` (${put} put, ${removed} removed)` : "";
}
