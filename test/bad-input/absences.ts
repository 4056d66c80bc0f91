/** Nodes that are down: who asks is told which one, nothing is half done, and their return heals it. */
import { beforeAll, expect, it } from "vitest";
import type { Ended } from "../world/command.ts";
import { CARD, expectFailure, paymentsCsv, phone, type Scene, telecomCsv } from "./scene.ts";

/** A card that could be certified, if everybody were there. */
const NEXT_CARD = JSON.stringify({ ...CARD, name: "next-card" });

/** Commands that wait for a node in vain, while other tests run; each is judged by a test of its own. */
interface Waiting {
  readonly held: unknown;
  readonly commands: Readonly<Record<string, Promise<Ended>>>;
}

async function startWaiting(
  scene: Scene,
  down: string,
  commands: Readonly<Record<string, readonly string[]>>,
): Promise<Waiting> {
  const held = await scene.holdings(down);
  await scene.network.stop(down);
  const started = Object.entries(commands).map(([name, args]) => [name, scene.run(args)]);
  return { held, commands: Object.fromEntries(started) as Record<string, Promise<Ended>> };
}

/** The supervisor is down while `others` run, none of which may stop the bank: its command waits. */
export function withoutSupervisor(scene: () => Scene, others: () => void): void {
  let waiting: Waiting;
  beforeAll(async () => {
    const { world, network } = scene();
    const card = world.write("next-card.json", NEXT_CARD);
    waiting = await startWaiting(scene(), "supervisor", {
      certify: ["model", "certify", network.config("bank"), card],
    });
  });

  others();

  it("no model is certified, and everything else goes on", async () => {
    expectFailure((await waiting.commands.certify) as Ended, /supervisor .*is it running\?/);
    expect(JSON.stringify(await scene().holdings("supervisor"))).not.toContain("next-card");
    await scene().expectHonestScore(16);
    await scene().network.start("supervisor");
  });
}

export function withoutBureau(scene: () => Scene): void {
  let waiting: Waiting;
  beforeAll(async () => {
    const { world, network } = scene();
    const bank = network.config("bank");
    const card = world.write("next-card.json", NEXT_CARD);
    const csv = world.write("unlucky.csv", paymentsCsv(1, 60));
    const id = world.write("unlucky-id", phone(1));
    waiting = await startWaiting(scene(), "bureau-b", {
      deposit: ["deposit", network.config("payments"), csv],
      certify: ["model", "certify", bank, card],
      score: ["score", bank, "--id-file", id],
    });
  });

  it.each(["deposit", "certify", "score"])("%s says that it is bureau B", async (name) => {
    expectFailure((await waiting.commands[name]) as Ended, /bureau-b .*is it running\?/);
    expect(await scene().holdings("bureau-b")).toEqual(waiting.held);
  });

  it("its return heals everything, without a restart of anybody else", async () => {
    const { network } = scene();
    await network.start("bureau-b");
    // They dial again every few seconds.
    await Promise.all(["bank", "payments", "supervisor"].map((name) => network.untilReady(name)));
    await scene().expectHonestScore(17);
  });
}

/** For good: the last of all tests. */
export function withoutTheirOwnNode(scene: () => Scene): void {
  it("commands say that the node is not running, and status which are up", async () => {
    const { world, network } = scene();
    const [bank, telecom] = [network.config("bank"), network.config("telecom")];
    const file = world.write("any.csv", telecomCsv(1, 2));
    const id = world.write("id", phone(1));
    await Promise.all([network.stop("bank"), network.stop("telecom")]);
    const said = await Promise.all([
      scene().run(["score", bank, "--id-file", id]),
      scene().run(["model", "deploy", bank, CARD.name]),
      scene().run(["deposit", telecom, file]),
    ]);
    for (const ended of said) expectFailure(ended, "the node is not running");
    const status = await scene().run(["status", network.folder, "--json"]);
    expect(status.code).toBe(3);
    const lines = JSON.parse(status.stdout.toString()) as { node: string; down?: string }[];
    const down = lines.filter((line) => line.down !== undefined).map(({ node }) => node);
    expect(down.sort()).toEqual(["bank", "marketplace", "rogue", "telecom"]);
  });
}
