import { readFileSync } from "node:fs";
import { basename } from "node:path";
import {
  checkScorecard,
  parseCatalogue,
  parseScorecard,
  type ScoreRange,
  scoreRange,
} from "@moiety/model";
import { callNode, SetupError } from "@moiety/node";
import type { ModelCertificate } from "@moiety/policy";
import type { Command } from "commander";
import { addFit } from "../fit-command.ts";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

interface Checked {
  readonly name: string;
  readonly version: number;
  readonly characteristics: number;
  readonly range: ScoreRange;
}

export function addModel(program: Command): void {
  const model = program
    .command("model")
    .description("a bank's scorecard: fit, check, certify, deploy");
  addFit(model);
  model
    .command("check")
    .argument("<model>", "scorecard, JSON")
    .description("check a scorecard: form, features, every possible total within 0..1023")
    .option(
      "--config <bank>",
      "check against the catalogues in place; YAML file of a bank that runs",
    )
    .option("--catalogue <file...>", "check against these catalogue files", [])
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
Examples:
  $ moiety model check card.json --catalogue telecom.yaml payments.yaml
  $ moiety model check card.json --config net/bank/node.yaml`,
    )
    .action(
      async (file: string, flags: { config?: string; catalogue: string[]; json: boolean }) => {
        const checked =
          flags.config === undefined
            ? checkOffline(file, flags.catalogue)
            : await callNode<Checked>(targetOf(flags.config, "bank").socket, "/model/check", {
                body: { text: read(file), file: basename(file) },
              });
        answer(checked, flags.json, ({ name, version, characteristics, range }) =>
          [
            `${name}@${version} is sound: ${characteristics} characteristics,`,
            `totals from ${range.min} to ${range.max}`,
          ].join(" "),
        );
      },
    );
  model
    .command("certify")
    .argument("<config>", "YAML file of a bank that runs")
    .argument("<model>", "scorecard, JSON")
    .description("split a scorecard afresh and have the supervisor certify it")
    .option("--json", "answer as JSON", false)
    .addHelpText("after", "\nExample:\n  $ moiety model certify net/bank/node.yaml card.json")
    .action(async (config: string, file: string, { json }: { json: boolean }) => {
      const { socket } = targetOf(config, "bank");
      const body = { text: read(file), file: basename(file) };
      const certificate = await callNode<ModelCertificate>(socket, "/model/certify", { body });
      answer(certificate, json, ({ modelName, version, serial, expiresAt }) =>
        [
          `${modelName}@${version} is certified (no. ${serial}, until ${expiresAt});`,
          `next: moiety model deploy ${config} ${modelName}`,
        ].join(" "),
      );
    });
  model
    .command("deploy")
    .argument("<config>", "YAML file of a bank that runs")
    .argument("<name>", "name of a certified model")
    .description("hand each bureau its half of a certified model")
    .option("--json", "answer as JSON", false)
    .addHelpText("after", "\nExample:\n  $ moiety model deploy net/bank/node.yaml consumer-card")
    .action(async (config: string, name: string, { json }: { json: boolean }) => {
      const { socket } = targetOf(config, "bank");
      const certificate = await callNode<ModelCertificate>(socket, "/model/deploy", {
        body: { model: name },
      });
      answer(
        certificate,
        json,
        ({ modelName, version }) => `${modelName}@${version} is deployed at both bureaus`,
      );
    });
}

function checkOffline(file: string, catalogues: readonly string[]): Checked {
  if (catalogues.length === 0)
    throw new SetupError("say against what: --catalogue <file...>, or --config <bank>");
  const model = parseScorecard(read(file), basename(file));
  checkScorecard(
    model,
    catalogues.map((each) => parseCatalogue(read(each), basename(each))),
    basename(file),
  );
  const { name, version, characteristics } = model;
  return { name, version, characteristics: characteristics.length, range: scoreRange(model) };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${file} cannot be read (${code})`);
  }
}
