/** The options of `moiety model fit`, and what it prints. */
import { rmSync } from "node:fs";
import type { Trend } from "@moiety/model";
import { replaceFile, SetupError } from "@moiety/node";
import { type Command, InvalidArgumentError } from "commander";
import { fitFromFiles, nameFromFile } from "./fit.ts";
import type { FitFacts } from "./fit-report/facts.ts";
import { fitText } from "./fit-report/terminal.ts";
import { answer } from "./output.ts";

interface Flags {
  readonly sample: string;
  readonly target: string;
  readonly catalogue: string[];
  readonly config?: string;
  readonly out: string;
  readonly report?: string;
  readonly name?: string;
  readonly modelVersion: number;
  readonly purpose: string[];
  readonly holdout: number;
  readonly holdoutColumn?: string;
  readonly seed: string;
  readonly protected: string[];
  readonly ridge?: number;
  readonly minIv?: number;
  readonly minShare?: number;
  readonly maxBins?: number;
  readonly monotone: Record<string, Trend>;
  readonly exclude: string[];
  readonly pdo?: number;
  readonly odds?: number;
  readonly anchor?: number;
  readonly json: boolean;
}

const TRENDS: readonly string[] = ["up", "down", "auto", "free"] satisfies Trend[];

export function addFit(model: Command): void {
  model
    .command("fit")
    .description("fit a scorecard on your own development sample, in the clear")
    .requiredOption(
      "--sample <csv>",
      "people with known outcomes: raw values, one column a feature",
    )
    .requiredOption("--target <column>", "the outcome: 1 for bad, 0 for good")
    .option(
      "--catalogue <file...>",
      "the platforms' catalogues, whose bins the values fall into",
      [],
    )
    .option(
      "--config <bank>",
      "take the catalogues in place instead; YAML file of a bank that runs",
    )
    .requiredOption("-o, --out <file>", "where the scorecard goes (JSON); written anew each time")
    .option("--report <html>", "write a report with plots, one file for any browser")
    .option("--name <name>", "the model's name (default: that of the file)")
    .option("--model-version <n>", "the model's version", number, 1)
    .option("--purpose <code...>", "what it is for (default: what every feature permits)", [])
    .option("--holdout <share>", "share of the people to judge it on; 0 for nobody", number, 0.3)
    .option("--holdout-column <column>", "who is held out: 1 in this column, else 0")
    .option("--seed <text>", "who is held out by --holdout follows from this", "1")
    .option(
      "--protected <column...>",
      "compare scores between the groups in these columns (sex, age group); never fitted on",
      [],
    )
    .option("--monotone <feature=trend...>", "up, down, auto or free; *=auto for all", trends, {})
    .option("--exclude <feature...>", "leave these out", [])
    .option("--min-iv <number>", "least information value of a feature (default: 0.02)", number)
    .option("--min-share <number>", "least share of the people in a bin (default: 0.01)", number)
    .option("--max-bins <n>", "most coarse bins of a feature (default: 8)", number)
    .option("--ridge <number>", "penalty on the coefficients (default: 0.005)", number)
    .option("--pdo <points>", "points that double the odds (default: as many as fit)", number)
    .option("--odds <number>", "odds good : bad at the anchor score (default: 20)", number)
    .option("--anchor <score>", "the anchor score (default: totals in the middle)", number)
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
A feature's column is called domain/feature, or like the feature, or like its column in the catalogue.
The same sample, options and seed make the same scorecard, byte for byte. Scorecard and report hold
your points: both files are yours alone to read.

Examples:
  $ moiety model fit --sample dev.csv --target default --catalogue telecom.yaml payments.yaml \\
      --out small-loans.json --report small-loans.html
  $ moiety model fit --sample dev.csv --target default --config net/bank/node.yaml \\
      --monotone tenure_months=up plan=free --holdout-column is_test --out small-loans.json`,
    )
    .action(async (flags: Flags, command: Command) => {
      const { out, report, json } = flags;
      if (flags.holdoutColumn !== undefined && command.getOptionValueSource("holdout") === "cli")
        throw new SetupError("either --holdout or --holdout-column, not both");
      const { model: bytes, facts } = await fitFromFiles({
        ...flags,
        catalogues: flags.catalogue,
        purposes: flags.purpose,
        attributes: flags.protected,
        holdout:
          flags.holdoutColumn === undefined ? flags.holdout : { column: flags.holdoutColumn },
        options: fitOptions(flags),
      });
      // Drawing needs a large library: it is loaded only for who asks.
      const page =
        report === undefined ? "" : (await import("./fit-report/page.ts")).fitPage(facts);
      writeOwn(out, bytes);
      if (report !== undefined) writeOwn(report, Buffer.from(page));
      answer(jsonOf(facts, out, report), json, () =>
        [
          fitText(facts),
          "",
          `${facts.model} is in ${out}${report === undefined ? "" : `, the report in ${report}`};`,
          `next: moiety model certify <bank> ${out}`,
        ].join("\n"),
      );
    });
}

function fitOptions(flags: Flags) {
  const { ridge, minIv, minShare, maxBins, pdo, odds, anchor } = flags;
  return {
    name: flags.name ?? nameFromFile(flags.out),
    version: flags.modelVersion,
    trends: flags.monotone,
    exclude: flags.exclude,
    scaling: {
      ...(pdo !== undefined && { pdo }),
      ...(odds !== undefined && { odds }),
      ...(anchor !== undefined && { anchorScore: anchor }),
    },
    ...(ridge !== undefined && { ridge }),
    ...(minIv !== undefined && { minIv }),
    ...(minShare !== undefined && { minShare }),
    ...(maxBins !== undefined && { maxBins }),
  };
}

/** Figures only: the points stay in the scorecard's file. */
function jsonOf({ fit, judgement, ...facts }: FitFacts, out: string, report: string | undefined) {
  const { curve: _, ...train } = judgement.train;
  const { curve: __, ...holdout } = judgement.holdout ?? { curve: [] };
  return {
    ...facts,
    scaling: fit.scorecard.scaling,
    intercept: fit.intercept,
    iterations: fit.iterations,
    features: fit.features.map(({ points: ___, ...feature }) => feature),
    dropped: fit.dropped,
    train,
    ...(judgement.holdout !== undefined && { holdout }),
    psi: judgement.psi,
    featureShifts: judgement.featureShifts,
    out,
    report,
  };
}

function writeOwn(file: string, bytes: Uint8Array): void {
  try {
    // What an earlier, unfinished run left there would keep its rights.
    rmSync(`${file}.new`, { force: true });
    replaceFile(file, bytes, 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw new SetupError(`${file} cannot be written (${code}); check the path and its rights`);
  }
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError("write a number");
  return value;
}

function trends(text: string, before: Record<string, Trend>): Record<string, Trend> {
  const [feature, trend, ...rest] = text.split("=");
  if (feature === "" || trend === undefined || !TRENDS.includes(trend) || rest.length > 0)
    throw new InvalidArgumentError(`write feature=trend, the trend one of ${TRENDS.join(", ")}`);
  return { ...before, [feature!]: trend as Trend };
}
