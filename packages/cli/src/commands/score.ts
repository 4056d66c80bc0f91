import { IDENTIFIER_TYPES, type IdentifierType, identifierOptionProblems } from "@moiety/model";
import { SetupError } from "@moiety/node";
import { type Command, Option } from "commander";
import { scoreBatch } from "../batch.ts";
import { untilInterrupted } from "../interrupt.ts";
import { answer } from "../output.ts";
import { readConsents, scoreOne } from "../scoring.ts";
import { targetOf } from "../target.ts";

interface Flags {
  readonly idFile?: string;
  readonly batch?: string;
  readonly output?: string;
  readonly consent?: string;
  readonly type: IdentifierType;
  readonly region?: string;
  readonly scheme?: string;
  readonly model?: string;
  readonly purpose?: string;
  readonly fresh: boolean;
  readonly json: boolean;
}

export function addScore(program: Command): void {
  program
    .command("score")
    .argument("<config>", "YAML file of a bank that runs")
    .description("score one person, or everybody in a CSV")
    .option("--id-file <file>", "file with one identifier; - reads standard input")
    .option(
      "--batch <csv>",
      "CSV with a column id (or phone, national-id, opaque); - reads standard input",
    )
    .option("-o, --output <csv>", "where a batch's scores go")
    .option(
      "--consent <file>",
      "the person's consent; for a batch a file with one a line, in the order of the CSV",
    )
    .addOption(
      new Option("--type <type>", "type of the identifiers")
        .choices([...IDENTIFIER_TYPES])
        .default("phone"),
    )
    .option("--region <code>", 'where phone numbers without + are dialled from, e.g. "CN"')
    .option("--scheme <name>", "scheme of national-id (default: gb11643)")
    .option("--model <name>", "which of the deployed models (default: the only one)")
    .option("--purpose <code>", "purpose of the inquiry (default: the certificate's first)")
    .option("--fresh", "begin a batch anew: forget what an interrupted run has kept", false)
    .option("--json", "answer as JSON, without a progress bar", false)
    .addHelpText(
      "after",
      `
An identifier is never an argument: other users of the machine can see arguments.

A batch keeps its scores in <output>.part as they come. Interrupted, by whatever, run the same command
again: it goes on, and asks for nobody twice whose score is there. Each inquiry uses the deposits of
its moment, so a batch that is resumed days later mixes theirs: --fresh asks for all anew.

Examples:
  $ moiety score net/bank/node.yaml --id-file -
  $ moiety score net/bank/node.yaml --batch ids.csv -o scores.csv`,
    )
    .action(async (config: string, flags: Flags) => {
      const { idFile, batch, output, consent, json, type, region, scheme, model, purpose, fresh } =
        flags;
      const wrong = identifierOptionProblems(type, { region, scheme });
      if (wrong.length > 0) throw new SetupError(wrong.map((each) => `--${each}`).join("; "));
      const target = targetOf(config, "bank");
      const options = {
        type,
        ...(region !== undefined && { region }),
        ...(scheme !== undefined && { scheme }),
        ...(model !== undefined && { model }),
        ...(purpose !== undefined && { purpose }),
        ...(consent !== undefined && { consents: readConsents(consent) }),
      };
      if ((idFile === undefined) === (batch === undefined))
        throw new SetupError("say whom: --id-file <file>, or --batch <csv> with -o <csv>");
      if (idFile !== undefined) {
        const scored = await scoreOne(target, idFile, options);
        answer(scored, json, ({ score, model: name, range, absent, disputed, elapsedMs }) =>
          [
            `score ${score}  (${name}, possible ${range.min} to ${range.max};`,
            `${elapsedMs.toFixed(1)} ms)`,
            ...(disputed ? ["- the person disputes something, unanswered so far"] : []),
            ...(absent.length > 0 ? [`- no deposit of ${absent.join(", ")}`] : []),
          ].join(" "),
        );
        return;
      }
      if (output === undefined) throw new SetupError("say where the scores go: -o <csv>");
      const signal = untilInterrupted(
        `interrupted: ${output} is not written yet; run the same command again to go on`,
      );
      const asked = { ...options, fresh };
      const done = await scoreBatch(target, batch as string, output, asked, json, signal);
      answer(done, json, ({ people, resumed, seconds, perSecond }) =>
        [
          `scored ${people - resumed} people in ${seconds.toFixed(1)} s`,
          `(${perSecond.toFixed(0)} a second${resumed > 0 ? `; ${resumed} were kept` : ""}),`,
          `see ${output}`,
        ].join(" "),
      );
    });
}
