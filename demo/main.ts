/** `npm run demo`: a whole network of real processes on this machine, and a day in its life. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { errorColours, outColours as pc } from "@moiety/cli";
import { playBadDay } from "./bad-day/play.ts";
import { type Cast, openCast } from "./cast.ts";
import { readFlags } from "./flags.ts";
import { openKept } from "./kept/kept-folder.ts";
import { Ledger } from "./kept/ledger.ts";
import { isWell, outcomeOf } from "./outcome.ts";
import { type Production, productionOf } from "./production.ts";
import { report } from "./report.ts";
import { Scenario } from "./scenario.ts";
import { Teller } from "./teller.ts";

/** What shells report for a process that SIGINT ended. */
const INTERRUPTED_CODE = 130;

async function main(): Promise<void> {
  const started = performance.now();
  const flags = readFlags();
  const production = await productionOf(flags);
  const tell = new Teller(flags.json);
  const { folder = mkdtempSync(join(tmpdir(), "moiety-demo-")) } = production;
  const kept = openKept(folder, production.origin, flags.fresh);
  const ledger = new Ledger(join(folder, "stages.json"));
  const interrupted = untilInterrupted();
  let scenario: Scenario | undefined;
  try {
    tell.say(pc.bold("\nMoiety: scores from features that nobody sees\n"));
    const cast = await castFor(production, folder, tell, ledger);
    interrupted.throwIfAborted();
    scenario = new Scenario(cast, { folder, tell, ledger, signal: interrupted });
    const played = await scenario.play();
    const stays = flags.stay || flags.keep === true;
    if (flags.badDay && !stays) await scenario.end(); // two networks at once are slow on a small machine
    const bad = flags.badDay ? await playBadDay(tell, interrupted) : undefined;
    const outcome = outcomeOf(cast, played, ledger, {
      seconds: (performance.now() - started) / 1000,
      bad,
    });
    report(tell, cast, outcome, ledger);
    if (production.folder !== undefined) tell.say(whatIsKept(production.folder, cast));
    if (flags.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    if (!isWell(outcome)) process.exitCode = 1;
    if (stays) {
      tell.say(howToUse(scenario, cast));
      await new Promise((resolve) => interrupted.addEventListener("abort", resolve));
    }
  } catch (error) {
    if (!interrupted.aborted) throw error;
    process.exitCode = INTERRUPTED_CODE;
    if (production.folder !== undefined)
      process.stderr.write(`\ninterrupted: the same command goes on from ${folder}\n`);
  } finally {
    await scenario?.end();
    ledger.close();
    kept.release();
    if (production.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Prepares the people, the platforms' files and the model, or finds them kept. */
async function castFor(
  { title, prepare }: Production,
  folder: string,
  tell: Teller,
  ledger: Ledger,
): Promise<Cast> {
  const done = tell.step(`${title}: taken apart by platform; the bank fits its scorecard`);
  const started = performance.now();
  const { cast, made } = await openCast(folder, prepare);
  const { people, platforms, fitted, model } = cast;
  const told = [
    ...(fitted ? [`${model.name} fitted on ${fitted.people.toLocaleString("en-US")}`] : []),
    `${people.length.toLocaleString("en-US")} to score`,
    `${platforms.length} platforms`,
  ].join(", ");
  if (made) {
    ledger.book("prepare", (performance.now() - started) / 1000, people.length, []);
    done(told);
  } else done.before(told);
  return cast;
}

/** The first Ctrl-C, or SIGTERM, ends the run in good order; the next one ends it at once. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED_CODE);
      controller.abort(new Error("interrupted"));
    });
  return controller.signal;
}

function whatIsKept(folder: string, { fitted }: Cast): string {
  const report = fitted?.report === undefined ? [] : [`  the fit's report    ${fitted.report}`];
  return [
    "",
    ...report,
    `  the network         ${folder}   ${pc.dim("(the same command goes on from there; --fresh starts over)")}`,
  ].join("\n");
}

function howToUse(scenario: Scenario, { bank, type }: Cast): string {
  const file = scenario.nodes.target(bank).config.file;
  return [
    "",
    pc.bold("The network goes on until Ctrl-C. In another terminal:"),
    `  npx moiety status ${dirname(dirname(file))}`,
    `  echo '…' | npx moiety score ${file} --type ${type} --id-file -`,
    `  npx moiety score ${file} --type ${type} --batch ids.csv -o scores.csv`,
  ].join("\n");
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
