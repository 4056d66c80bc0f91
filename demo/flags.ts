/** The demo's command line. */
import { Command, InvalidArgumentError } from "commander";
import { MAX_PEOPLE } from "./population.ts";

export interface Flags {
  readonly people: number;
  readonly seed: string;
  readonly data?: string;
  readonly mapping?: string;
  readonly catalogue: readonly string[];
  readonly model?: string;
  /** A folder, or true: the network stays up until Ctrl-C. */
  readonly keep?: string | true;
  readonly stay: boolean;
  readonly fresh: boolean;
  /** Whether misuse is tried after the good day. */
  readonly badDay: boolean;
  readonly json: boolean;
}

/** Reads the process's arguments; prints and exits for `--help` and for what it does not know. */
export function readFlags(): Flags {
  const flags = new Command("npm run demo --")
    .description(
      "Starts platforms, two bureaus, a bank and a supervisor as processes of their own, on loopback;\n" +
        "deposits, certifies, scores, and compares every score with the plaintext scorecard.",
    )
    .option("--people <n>", "people to generate", peopleIn, 5000)
    .option("--seed <text>", "the same seed gives the same people", "moiety")
    .option("--data <csv>", "given people instead: with --mapping, or with --catalogue and --model")
    .option(
      "--mapping <yaml>",
      "which platform holds which columns of the data (see demo/README.md)",
    )
    .option("--catalogue <file>", "catalogue of one platform; repeat for each", collect, [])
    .option("--model <file>", "scorecard, JSON; the data's column outcome is 1 for bad, if there")
    .option("--people-csv <file>", "the same as --data")
    .option(
      "--keep [folder]",
      "keep the network in a folder, from which the same command goes on;\n" +
        "without one, leave it running until Ctrl-C",
    )
    .option("--stay", "leave the network running until Ctrl-C, and say how to use it", false)
    .option("--fresh", "start over in a kept folder", false)
    .option("--no-bad-day", "only the good day: nobody tries anything that is not allowed")
    .option("--json", "one JSON object as the last line, nothing else", false)
    .showHelpAfterError("(add --help for what it takes)")
    .addHelpText(
      "after",
      `
A run with a mapping is kept in .moiety-demo/<name of the mapping> unless --keep says where; any other is
temporary unless --keep names a folder. Interrupted, run the same command again: it goes on.
After the good day comes a bad one, in a small network of its own that asks for consents: misuse is tried,
and refused or proven. Exit code 1 if one score differs from the plaintext scorecard's, a demand of the mapping is not met,
or a misuse gets through.

Examples:
  $ npm run demo
  $ npm run demo -- --people 20000 --keep
  $ npm run demo -- --data taiwan-credit.csv --mapping demo/taiwan.yaml`,
    )
    .parse()
    .opts<Flags & { readonly peopleCsv?: string }>();
  const data = flags.data ?? flags.peopleCsv;
  return data === undefined ? flags : { ...flags, data };
}

function peopleIn(text: string): number {
  const people = Number(text);
  if (!Number.isInteger(people) || people < 10 || people > MAX_PEOPLE)
    throw new InvalidArgumentError(`a whole number within 10..${MAX_PEOPLE}.`);
  return people;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
