/** `npm run demo`: a whole network of real processes on this machine, and a day in its life. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { errorColours, outColours as pc } from "@moiety/cli";
import { type Cast, generatedCast, givenCast } from "./cast.ts";
import { MAX_PEOPLE } from "./population.ts";
import { report } from "./report.ts";
import { Scenario } from "./scenario.ts";
import { Teller } from "./teller.ts";

const HELP = `Usage: npm run demo -- [options]

Starts platforms, two bureaus, a bank and a supervisor as processes of their own, on loopback, in a
temporary folder; deposits, certifies, scores, and compares every score with the plaintext scorecard.

  --people <n>          people to generate (default 5000)
  --seed <text>         the same seed gives the same people (default "moiety")
  --keep                leave the network running until Ctrl-C, and say how to use it
  --json                one JSON object as the last line, nothing else
  --people-csv <file>   given people instead: identifier, all platforms' columns, outcome (1: bad)
  --catalogue <file>    catalogue of one platform; repeat for each (with --people-csv)
  --model <file>        scorecard, JSON (with --people-csv)
  --help

Exit code 1 if one score differs from the plaintext scorecard's.
`;

interface Flags {
  readonly people: string;
  readonly seed: string;
  readonly keep: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly "people-csv"?: string;
  readonly catalogue: string[];
  readonly model?: string;
}

function readFlags(): Flags {
  const { values } = parseArgs({
    options: {
      people: { type: "string", default: "5000" },
      seed: { type: "string", default: "moiety" },
      keep: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      "people-csv": { type: "string" },
      catalogue: { type: "string", multiple: true, default: [] },
      model: { type: "string" },
    },
  });
  return values as Flags;
}

async function castFor(flags: Flags, folder: string): Promise<Cast> {
  const { "people-csv": given, catalogue: catalogues, model } = flags;
  if (given === undefined) {
    const people = Number(flags.people);
    if (!Number.isInteger(people) || people < 10 || people > MAX_PEOPLE)
      throw new Error(`--people: a whole number within 10..${MAX_PEOPLE}`);
    return generatedCast(folder, people, flags.seed);
  }
  if (catalogues.length === 0 || model === undefined)
    throw new Error("--people-csv needs --catalogue <file> (one per platform) and --model <file>");
  return givenCast(folder, { people: given, catalogues, model });
}

function howToUse(scenario: Scenario): string {
  const { targets } = scenario.nodes;
  const bank = targets.bank?.config.file ?? "";
  const network = join(bank, "..", "..");
  return [
    "",
    pc.bold("The network goes on until Ctrl-C. In another terminal:"),
    `  npx moiety status ${network}`,
    `  echo '+86…' | npx moiety score ${bank} --id-file -`,
    `  npx moiety score ${bank} --batch ids.csv -o scores.csv`,
  ].join("\n");
}

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) {
    process.stdout.write(HELP);
    return;
  }
  const tell = new Teller(flags.json);
  const folder = mkdtempSync(join(tmpdir(), "moiety-demo-"));
  let scenario: Scenario | undefined;
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.on(signal, () => resolve("interrupted"));
  });
  try {
    tell.say(pc.bold("\nMoiety: scores from features that nobody sees\n"));
    const cast = await castFor(flags, folder);
    scenario = new Scenario(cast, folder, tell);
    const played = await Promise.race([scenario.play(), interrupted]);
    if (played === "interrupted") {
      process.exitCode = 130;
      return;
    }
    report(tell, played.outcome, played.statuses);
    if (flags.json) process.stdout.write(`${JSON.stringify(played.outcome)}\n`);
    if (played.outcome.mismatches > 0) process.exitCode = 1;
    if (flags.keep) {
      process.stdout.write(`${howToUse(scenario)}\n`);
      await interrupted;
    }
  } finally {
    await scenario?.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(
    `${errorColours.red("error:")} ${error instanceof Error ? error.message : error}\n`,
  );
  process.exitCode = 1;
}
// Whatever an interrupted step still waits for ends with the process.
process.exit();
