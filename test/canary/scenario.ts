/** A network's day with canaries in it, and everything that anybody could have seen of it. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { callNode, type DepositProgress, type ScoreAnswer, streamNode } from "@moiety/node";
import type { Ended, StartOptions } from "../world/command.ts";
import type { Network, World } from "../world/network.ts";
import type { Canary } from "./canaries.ts";
import { type Haystack, ofProcess, onDisk, tapped } from "./captured.ts";
import { type Carrier, carriersOf, shortCarriersOf } from "./carriers.ts";
import { ASKED_CITIZENS, ASKED_PHONES, LEAKED, PLATFORMS, SCORECARD } from "./cast.ts";
import { LeakyPlatform } from "./leak.ts";
import { plainScores } from "./plain-scores.ts";

/** Of the command that shows everybody's status: run by somebody who is no party. */
export const ONLOOKER = "onlooker";
const LEAKY = "telecom";
const TAP = new URL("./tap.mjs", import.meta.url).href;
/** Of a frame within a session; here it belongs to no session. */
const FRAME_HEADER = new Uint8Array(5);

export interface Day {
  readonly parties: readonly string[];
  readonly haystacks: readonly Haystack[];
  /** Scores that the network gave, and those of the plaintext scorecard for the same people. */
  readonly scores: readonly number[];
  readonly expected: readonly number[];
  /** How each node ended. */
  readonly ended: Readonly<Record<string, Ended>>;
  /** What the leaky platform said to bureau A. */
  readonly leaks: readonly Carrier[];
  /** Refusals of requests that were nonsense, in words. */
  readonly refusals: readonly string[];
}

class Director {
  readonly world: World;
  readonly network: Network;
  readonly printed: Haystack[] = [];
  readonly scores: number[] = [];
  readonly asked: Canary[] = [];

  constructor(world: World, network: Network) {
    this.world = world;
    this.network = network;
  }

  tapOf(party: string): string {
    const folder = join(this.world.folder, "tap", party);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  options(party: string): StartOptions {
    return { env: { NODE_OPTIONS: `--import=${TAP}`, CANARY_TAP: this.tapOf(party) } };
  }

  /** Runs a command as one party's operator would, and keeps what it prints. */
  async command(party: string, args: readonly string[], stdin = ""): Promise<Ended> {
    const ended = await this.world.run(args, { ...this.options(party), stdin });
    this.print(party, args.slice(0, 2).join(" "), ended);
    return ended;
  }

  print(party: string, name: string, { stdout, stderr }: Pick<Ended, "stdout" | "stderr">): void {
    const bytes = Buffer.concat([stdout, stderr]);
    this.printed.push({ party, medium: "printed", name, bytes });
  }

  socket(node: string): string {
    return this.network.target(node).socket;
  }

  async deposit(platform: string, csv: string, full: boolean = false): Promise<void> {
    const body = { csv, full };
    const steps = streamNode<DepositProgress>(this.socket(platform), "/deposit", { body });
    for await (const _ of steps); // to the end
  }

  async ask(person: Canary, type: "phone" | "national-id"): Promise<void> {
    const body = { identifiers: [person.forms[type === "phone" ? 1 : 0]], type };
    const answer = await callNode<ScoreAnswer>(this.socket("bank"), "/score", { body });
    this.asked.push(person);
    this.scores.push(answer.score);
  }
}

/** Plays it all; every process has ended, in good order, when this resolves. */
export async function playDay(world: World): Promise<Day> {
  const catalogues = PLATFORMS.map(({ domain, catalogue }) =>
    world.write(`catalogue-${domain}.yaml`, catalogue),
  );
  const network = await world.network({ catalogues });
  logToStandardError(world, network, "bureau-b");
  const director = new Director(world, network);
  await network.startEach(
    Object.fromEntries(network.names.map((name) => [name, director.options(name)])),
  );
  await setUp(director);
  await scoreEverybody(director);
  const refusals = await askNonsense(director);
  await network.stop(LEAKY);
  await director.ask(ASKED_PHONES[0] as Canary, "phone"); // what it deposited serves on
  const leaks = await leak(director);
  await director.command(ONLOOKER, ["status", network.folder]);
  const processes = network.names
    .filter((name) => name !== LEAKY)
    .flatMap((name) => ofProcess(name, network.running(name).pid));
  await network.stop("bank", "SIGINT");
  const ended = await network.stopAll();
  for (const [name, how] of Object.entries(ended)) director.print(name, "node", how);
  const parties = [...network.names, ONLOOKER];
  const haystacks = [
    ...parties.flatMap((party) => tapped(party, director.tapOf(party))),
    ...network.names.flatMap((name) => onDisk(name, join(network.folder, name))),
    ...["run", "authority"].flatMap((name) => onDisk(name, join(network.folder, name))),
    ...director.printed,
    ...processes,
  ];
  const { scores } = director;
  const expected = await plainScores(director.asked);
  return { parties, haystacks, scores, expected, ended, leaks, refusals };
}

/** With everything it has to say. */
function logToStandardError(world: World, network: Network, node: string): void {
  const file = network.config(node);
  const [before] = readFileSync(file, "utf8").split("log:\n");
  world.write(file, `${before}log:\n  level: debug\n`);
}

async function setUp(director: Director): Promise<void> {
  const { world } = director;
  await Promise.all(
    PLATFORMS.map(async ({ domain, csv }) => {
      const file = world.write(`${domain}.csv`, csv);
      await director.deposit(domain, file);
      await director.deposit(domain, file, true); // and the next version, of the same people
    }),
  );
  const bank = director.socket("bank");
  await callNode(bank, "/model/certify", { body: { text: SCORECARD, file: "card.json" } });
  await callNode(bank, "/model/deploy", { body: { model: "canary-card" } });
}

/** One person by the command, all in a batch by the command, and some by the control socket. */
async function scoreEverybody(director: Director): Promise<void> {
  const { network, scores, asked } = director;
  const bank = network.config("bank");
  const [first, ...others] = ASKED_PHONES as readonly [Canary, ...Canary[]];
  const single = ["score", bank, "--id-file", "-", "--json"];
  const { stdout } = await director.command("bank", single, `${first.forms[1]}\n`);
  scores.push((JSON.parse(stdout.toString()) as ScoreAnswer).score);
  const ids = `phone\n${others.map(({ forms }) => forms[4]).join("\n")}\n`;
  const file = join(network.folder, "bank", "scores.csv");
  await director.command("bank", ["score", bank, "--batch", "-", "-o", file], ids);
  const [, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
  scores.push(...lines.map((line) => Number(line.split(",").at(-1))));
  asked.push(first, ...others);
  for (const person of ASKED_CITIZENS) await director.ask(person, "national-id");
}

/** Requests that fail, with canaries in them: messages of errors are where data likes to leak. */
async function askNonsense(director: Director): Promise<string[]> {
  const [person] = ASKED_PHONES as readonly [Canary];
  const body = { identifiers: [`${person.forms[0]}x`], type: "phone" };
  const { csv } = PLATFORMS[0] as { csv: string };
  const unfit = csv.replace(/(\d{12}),(?!.*\n\S)/, "$1x,");
  const attempts = [
    callNode(director.socket("bank"), "/score", { body }),
    callNode(director.socket("bank"), "/score", { body: { identifiers: person.forms[0] } }),
    director.deposit("telecom", director.world.write("unfit.csv", unfit)),
  ];
  const outcomes = await Promise.allSettled(attempts);
  const words = outcomes.map((outcome) =>
    outcome.status === "rejected" ? String(outcome.reason) : "(was accepted)",
  );
  const bytes = Buffer.from(words.join("\n"));
  director.printed.push({ party: ONLOOKER, medium: "printed", name: "refusals", bytes });
  return words;
}

/** The platform that was stopped comes back as something else, and gives data away. */
async function leak({ network }: Director): Promise<Carrier[]> {
  const portOf = async (bureau: string): Promise<number> =>
    Number((await network.status(bureau)).address?.split(":").at(-1));
  const { phones, numbers, texts } = LEAKED;
  const leaks = [
    ...[phones[0], numbers[1], texts[0]].flatMap((canary) => carriersOf(canary as Canary)),
    ...numbers.flatMap(shortCarriersOf),
  ];
  const toA = await LeakyPlatform.connect(
    network.folder,
    LEAKY,
    "bureau-a",
    await portOf("bureau-a"),
  );
  for (const { bytes } of leaks) toA.say(bytes);
  const halves = Buffer.from(numbers[2]?.forms[0] as string);
  toA.say(
    Buffer.from("an opening"),
    Buffer.concat([FRAME_HEADER, halves.subarray(0, 5)]),
    Buffer.concat([FRAME_HEADER, halves.subarray(5)]),
  );
  await toA.close(`about ${phones[1]?.forms[0]}`);
  const toB = await LeakyPlatform.connect(
    network.folder,
    LEAKY,
    "bureau-b",
    await portOf("bureau-b"),
  );
  await toB.close(`about ${phones[2]?.forms[0]}`);
  return leaks;
}
