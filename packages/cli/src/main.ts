/** The `moiety` command. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addDeposit } from "./commands/deposit.ts";
import { addInit } from "./commands/init.ts";
import { addModel } from "./commands/model.ts";
import { addNode } from "./commands/node.ts";
import { addScore } from "./commands/score.ts";
import { addStatus } from "./commands/status.ts";
import { fail } from "./output.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
) as { version: string };

const program = new Command("moiety")
  .description(
    "Credit scores computed by two bureaus, neither of which sees anything.\n" +
      "Platforms deposit features in two random halves; banks get scores of people who agreed.",
  )
  .version(version)
  .showHelpAfterError("(add --help for what it takes)")
  .configureHelp({ sortSubcommands: false });

addInit(program);
addNode(program);
addDeposit(program);
addModel(program);
addScore(program);
addStatus(program);
program.addHelpText(
  "after",
  `
Examples:
  $ moiety init net                          make a network of 3 platforms, 2 bureaus, a bank, a supervisor
  $ moiety node net/bureau-a/node.yaml       run one of its nodes, until Ctrl-C
  $ moiety status net                        see which nodes are up, and what they hold
  $ moiety deposit net/telecom/node.yaml users.csv
  $ moiety score net/bank/node.yaml --id-file -   (then type the identifier, Enter, Ctrl-D)`,
);

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
