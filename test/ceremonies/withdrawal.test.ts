/** A certificate that the supervisor withdraws, in a network of real processes. */
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ControlError, callNode, streamNode } from "@moiety/node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { StartOptions } from "../world/command.ts";
import { useWorld } from "../world/network.ts";
import { PEOPLE, SCORECARD, scoreOf } from "./cast.ts";
import { BUREAUS, type Stage, setStage, until } from "./stage.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const PATCH = new URL("../durability/patch.mjs", import.meta.url).href;
const REASON = "The sample was not the one that was described.";
/** What the bank is told, by whichever bureau looks. */
const WITHDRAWN = `certificate withdrawn: card@1, by the supervisor on \\S+Z: ${REASON}`;

const world = useWorld();
let stage: Stage;
let list: string;
beforeAll(async () => {
  stage = await setStage(world);
  list = stage.at("withdrawals.json");
});

const withdraw = (version: number, output: string): Promise<string> => {
  const of = [stage.network.config("supervisor"), "bank", "card", String(version)];
  return stage.run("certificate", "withdraw", ...of, "--reason", REASON, "-o", output);
};
const install = (name: string, file: string): Promise<string> =>
  stage.run("certificate", "install", stage.network.config(name), file);

interface ModelEntry {
  readonly certificate: string;
  readonly version: number;
}

/** What the bank is told in place of what it asked for; throws where it gets that. */
async function told(asking: Promise<unknown>): Promise<string> {
  const said = await asking.then(
    () => "it was done",
    (error: unknown) => {
      if (error instanceof ControlError) return error.message;
      throw error;
    },
  );
  return said;
}

async function batch(): Promise<number> {
  let answered = 0;
  const body = { identifiers: PEOPLE, type: "opaque" };
  for await (const _ of streamNode(stage.socket("bank"), "/batch", { body })) answered += 1;
  return answered;
}

/** One inquiry, a batch and a deployment: each refused by this bureau, or by one of both. */
async function refused(who: string): Promise<void> {
  expect(await told(stage.ask(1))).toMatch(new RegExp(`^${who} refuses: ${WITHDRAWN}`));
  expect(await told(batch())).toMatch(new RegExp(`^${who} refuses: ${WITHDRAWN}`));
  expect(await told(stage.deploy())).toMatch(new RegExp(`^${who} objects: ${WITHDRAWN}`));
}

/** Starts nodes, and waits until all have found each other. */
async function start(nodes: Readonly<Record<string, StartOptions>>): Promise<void> {
  await stage.network.startEach(nodes);
  for (const name of stage.network.names) await stage.network.untilReady(name);
}

it("goes on counting until a bureau has the list, and one bureau that has it is enough", async () => {
  expect((await stage.ask(1)).score).toBe(scoreOf(1));
  expect(await withdraw(1, list)).toContain("card@1 of bank is withdrawn");
  expect((await stage.ask(1)).score).toBe(scoreOf(1));
  expect(await batch()).toBeGreaterThan(0);
  expect(await install("bureau-b", list)).toContain("list no. 1 is in force");
  await refused("bureau-b");
  expect(await install("bureau-a", list)).toContain("list no. 1 is in force");
  await refused("bureau-[ab]");
  expect(await stage.facts("bureau-a")).toMatchObject({
    models: [{ name: "card", version: 1, withdrawnAt: expect.any(String) }],
    withdrawals: { serial: 1, certificates: 1 },
  });
});

it("is taken by a bureau or the supervisor alone, and asked for as it was given", async () => {
  await expect(install("bank", list)).rejects.toThrow("a bank decides nothing by withdrawn");
  await expect(withdraw(2, stage.at("none.json"))).rejects.toThrow("no certificate of card@2");
  expect(await install("supervisor", list)).toContain("was in force already");
  const again = stage.at("again.json");
  await withdraw(1, again);
  expect(readFileSync(again)).toEqual(readFileSync(list));
});

it.each(BUREAUS)("stays withdrawn after a kill of %s", async (bureau) => {
  await stage.network.stop(bureau, "SIGKILL");
  await start({ [bureau]: {} });
  await refused("bureau-[ab]");
});

describe.each(BUREAUS)("while %s does not look", (careless) => {
  it("the other one refuses all the same", async () => {
    const honest = BUREAUS.find((each) => each !== careless) as string;
    const patched = join(world.folder, `patched-${careless}`);
    const patches = [
      {
        file: "bureau/models.ts",
        from: "    return this.#withdrawn.refusal(digest);\n",
        to: "    return undefined;\n",
      },
    ];
    const env = {
      NODE_OPTIONS: `--import=${PATCH}`,
      MOIETY_SOURCES: "1",
      SOURCE_PATCHES: JSON.stringify(patches),
      SOURCE_PATCHED: patched,
    };
    await stage.network.stop(careless);
    await start({ [careless]: { env } });
    expect(readFileSync(patched, "utf8")).toContain("bureau/models.ts");
    await refused(honest);
    await stage.network.stop(careless);
    await start({ [careless]: {} });
  });
});

it("is not given again under its name, and is followed by a new version", async () => {
  await expect(stage.certify()).rejects.toThrow(new RegExp(WITHDRAWN));
  const text = JSON.stringify({ ...JSON.parse(SCORECARD), version: 2 });
  await callNode(stage.socket("bank"), "/model/certify", { body: { text, file: "card.json" } });
  await stage.deploy();
  expect((await stage.ask(1)).score).toBe(scoreOf(1));
});

it("is not forgotten: an older list is refused by command and as a file, a later one has both", async () => {
  const second = stage.at("withdrawals-2.json");
  await withdraw(2, second);
  for (const bureau of BUREAUS) await install(bureau, second);
  expect(await told(stage.ask(1))).toMatch("certificate withdrawn: card@2");
  await expect(install("bureau-a", list)).rejects.toThrow("serial 1 is older than 2");
  expect(await stage.facts("bureau-a")).toMatchObject({
    withdrawals: { serial: 2, certificates: 2 },
  });

  await stage.network.stop("bureau-a");
  const kept = stage.at("bureau-a", "withdrawals.json");
  expect(readFileSync(kept)).toEqual(readFileSync(second));
  cpSync(list, kept);
  const { code, stderr } = await world.run(["node", stage.network.config("bureau-a")]);
  expect(code).not.toBe(0);
  expect(stderr.toString()).toContain("serial 1 is older than 2");
  rmSync(kept);
  await start({ "bureau-a": {} }); // the store has it
  expect(await told(stage.ask(1))).toMatch("certificate withdrawn: card@2");
});

it.each(BUREAUS)("stands in the log of %s", async (bureau) => {
  const folder = join(world.folder, `log-${bureau}`);
  const config = stage.network.config(bureau);
  const entries = async (kind: string): Promise<ModelEntry[]> => {
    const ran = await world.run(["ledger", "export", "--config", config, "--folder", folder]);
    if (ran.code !== 0) return []; // nothing is published yet
    const lines = (await stage.run("ledger", "show", folder, "--kind", kind)).trim().split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line).body);
  };
  await until(async () => (await entries("model-withdrawn")).length === 2);
  const certified = await entries("model-certified");
  expect(await entries("model-withdrawn")).toEqual(
    [1, 2].map((version) => ({
      certificate: certified.find((each) => each.version === version)?.certificate,
      bank: "bank",
      model: "card",
      version,
      withdrawnAt: expect.any(Number),
    })),
  );
});
