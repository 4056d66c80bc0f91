/** The `moiety` command. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addBackup, addRestore } from "./commands/backup.ts";
import { addBench } from "./commands/bench.ts";
import { addCertificate } from "./commands/certificate.ts";
import { addDeposit } from "./commands/deposit.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDocuments } from "./commands/documents.ts";
import { addEpoch } from "./commands/epoch.ts";
import { addInit } from "./commands/init.ts";
import { addInvoice } from "./commands/invoice.ts";
import { addKeys } from "./commands/keys.ts";
import { addLedger } from "./commands/ledger.ts";
import { addModel } from "./commands/model.ts";
import { addNode } from "./commands/node.ts";
import { addProof } from "./commands/proof.ts";
import { addRoster } from "./commands/roster.ts";
import { addScore } from "./commands/score.ts";
import { addStatus } from "./commands/status.ts";
import { addSubject } from "./commands/subject.ts";
import { addWithdraw } from "./commands/withdraw.ts";
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
addWithdraw(program);
addModel(program);
addCertificate(program);
addScore(program);
addProof(program);
addDocuments(program);
addStatus(program);
addDoctor(program);
addBackup(program);
addRestore(program);
addRoster(program);
addEpoch(program);
addKeys(program);
addLedger(program);
addInvoice(program);
addSubject(program);
addBench(program);
program.addHelpText(
  "after",
  `
Examples:
  $ moiety init net                          make a network of 3 platforms, 2 bureaus, a bank, a supervisor
  $ moiety node net/bureau-a/node.yaml       run one of its nodes, until Ctrl-C
  $ moiety status net                        see which nodes are up, and what they hold
  $ moiety doctor net                        look for what is wrong with them
  $ moiety deposit net/telecom/node.yaml users.csv
  $ moiety score net/bank/node.yaml --id-file -   (then type the identifier, Enter, Ctrl-D)`,
);

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
