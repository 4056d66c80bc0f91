/** What is charged when a bureau is killed around the moment at which it charges: once, or not at all. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SigningKey } from "@moiety/crypto";
import { NEVER_CATEGORIES, type PurposePolicy, signPurposePolicy } from "@moiety/policy";
import { expect, test } from "vitest";
import { Population } from "../crash/population.ts";
import { Scene } from "../crash/scene.ts";
import { useWorld } from "../world/network.ts";

const world = useWorld();
const BUREAUS = ["bureau-a", "bureau-b"] as const;
const PURPOSE = "credit-origination";
/** 20 cents and a thousandth of one. */
const THOUSANDTHS = 20_001;
const BATCH = Array.from({ length: 130 }, (_, person) => person);

interface Invoice {
  readonly banks: readonly {
    readonly bank: string;
    readonly currency: string;
    readonly inquiries: number;
    readonly people: number;
    readonly amount: number;
    readonly lines: readonly { readonly thousandths: number }[];
    readonly parts: readonly { readonly party: string; readonly amount: number }[];
  }[];
  readonly parties: readonly { readonly party: string; readonly amount: number }[];
  readonly differences: readonly string[];
  readonly problems: readonly string[];
}

function keyIn(...path: string[]): SigningKey {
  return new SigningKey(Buffer.from(readFileSync(join(...path), "utf8").trim(), "hex"));
}

/** A network without consents has no policy of its own: here is one, for the price list in it. */
function givePolicy(folder: string, configs: readonly string[]): void {
  const policy: PurposePolicy = {
    network: "moiety-local",
    version: 1,
    issuedAt: new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, ""),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, ""),
    never: NEVER_CATEGORIES,
    bitsPerYear: 100,
    leakage: { bits: 4, gain: 16, advantage: 1 },
    purposes: [
      {
        code: PURPOSE,
        meaning: "To lend.",
        categories: ["uncategorised"],
        outputs: ["score"],
        inquiries: { times: 1, per: "1d" },
        longestConsent: "1d",
        longestDataLife: "1d",
        reasons: "optional",
      },
    ],
    fees: [
      {
        from: "2026-01-01T00:00:00Z",
        currency: "EUR",
        prices: [{ purpose: PURPOSE, output: "score", thousandths: THOUSANDTHS }],
        shares: { bureauA: 300, bureauB: 200, platforms: 500 },
      },
    ],
  };
  const file = join(folder, "policy.json");
  writeFileSync(file, signPurposePolicy(policy, keyIn(folder, "supervisor", "keys/signing.key")));
  for (const config of configs)
    writeFileSync(config, `${readFileSync(config, "utf8")}policy: ../policy.json\n`);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come to that");
}

test("each score is charged once, and both logs say the same to the cent", async () => {
  const scene = await Scene.make(world);
  const { network } = scene;
  givePolicy(
    network.folder,
    BUREAUS.map((bureau) => network.config(bureau)),
  );
  await scene.start();
  const population = new Population("fees", { alpha: 200, beta: 100 });
  await scene.deposit("alpha", population.csv("alpha", 0));
  await scene.deposit("beta", population.csv("beta", 0));
  await scene.deploy(0);
  const edition = { alpha: 0, beta: 0, card: 0 };
  const bytes = keyIn(network.folder, "authority", "signing.key").verifyingKey.bytes;
  const trust = ["--authority", Buffer.from(bytes).toString("hex")];
  trust.push("--roster", join(network.folder, "roster.json"));
  const folderOf = (bureau: string): string => join(world.folder, `log-${bureau}`);
  const month = new Date().toISOString().slice(0, 7);

  const exportAll = async (): Promise<void> => {
    for (const bureau of BUREAUS) {
      await until(async () => {
        const ledger = (await network.status(bureau)).facts.ledger as Record<string, number>;
        return ledger.published === ledger.entries;
      });
      const to = ["--config", network.config(bureau), "--folder", folderOf(bureau)];
      expect((await world.run(["ledger", "export", ...to])).code).toBe(0);
    }
  };
  const invoice = async (bureau: string, ...more: string[]): Promise<Invoice> => {
    // A witness may have cosigned another size than the other just now: signed by the log is enough.
    const flags = ["--month", month, "--json", "--uncosigned", ...trust, ...more];
    const { stdout, stderr } = await world.run(["invoice", folderOf(bureau), ...flags]);
    expect(stderr.toString()).toBe("");
    return JSON.parse(stdout.toString()) as Invoice;
  };
  const outcomes = async (bureau: string): Promise<string[]> => {
    const { stdout } = await world.run(["ledger", "show", folderOf(bureau), "--kind", "result"]);
    const lines = stdout.toString().trimEnd().split("\n");
    return lines.map((line) => (JSON.parse(line) as { body: { outcome: string } }).body.outcome);
  };
  /** One person's score, asked until it comes, with bureau-b killed at a point of it. */
  const killedAt = async (person: number, point: string): Promise<void> => {
    scene.order("bureau-b", point, 1);
    const asked = scene.score(person).catch(() => undefined);
    expect(await scene.dies("bureau-b", asked, 5_000)).toBe(true);
    await scene.start("bureau-b");
    await scene.settled();
    const answer = (await asked) ?? (await scene.score(person));
    expect(answer).toBe(population.score(person, edition));
  };

  expect(await scene.score(1)).toBe(population.score(1, edition));
  expect((await scene.batch("batch", BATCH)).lines).toHaveLength(BATCH.length);
  await killedAt(2, "inquiry.intended");
  await exportAll();
  const [a, b] = [await invoice("bureau-a"), await invoice("bureau-b")];
  expect({ ...b, logs: [] }).toEqual({ ...a, logs: [] });
  const people = 2 + BATCH.length;
  const cents = Math.round((people * THOUSANDTHS) / 1000);
  expect(a.banks).toMatchObject([{ bank: "bank", currency: "EUR", people, amount: cents }]);
  expect(a.banks[0]?.lines).toMatchObject([{ thousandths: people * THOUSANDTHS }]);
  expect(a.parties.map(({ party }) => party)).toEqual(["alpha", "beta", ...BUREAUS]);
  expect(a.parties.reduce((sum, { amount }) => sum + amount, 0)).toBe(cents);
  // Two of the model's three characteristics are alpha's.
  expect(a.banks[0]?.parts.map(({ amount }) => amount)).toEqual([880, 440, 792, 528]);
  // The killed bureau has said of its own accord that its part came to nothing.
  expect(await outcomes("bureau-b")).toContain("aborted");

  // Killed when the other may have charged already (if it had the seal in time): then one log alone has
  // the fee, and both together have not.
  await killedAt(3, "inquiry.computed");
  await exportAll();
  const both = await invoice("bureau-a", "--compare", folderOf("bureau-b"));
  const mirrored = await invoice("bureau-b", "--compare", folderOf("bureau-a"));
  expect({ banks: mirrored.banks, parties: mirrored.parties }).toEqual({
    banks: both.banks,
    parties: both.parties,
  });
  expect(both.banks[0]).toMatchObject({ people: people + 1 });
  const charged = both.differences.length;
  expect(both.differences.every((each) => each.endsWith("in the first log only"))).toBe(true);
  expect(charged).toBeLessThanOrEqual(1);
  expect((await invoice("bureau-a")).banks[0]).toMatchObject({ people: people + 1 + charged });
  expect((await invoice("bureau-b")).banks[0]).toMatchObject({ people: people + 1 });
  expect((await outcomes("bureau-b")).filter((each) => each === "aborted")).toHaveLength(2);
  expect(both.problems).toEqual([]);
  const { stdout, code } = await world.run([
    ...["invoice", folderOf("bureau-a"), "--compare", folderOf("bureau-b"), "--month", month],
    ...["--uncosigned", "--nodes", network.folder, "--for", "bureau-a", ...trust],
  ]);
  expect(code).toBe(charged === 0 ? 0 : 4);
  expect(stdout.toString()).toMatch(/bureau-a gets \d+\.\d\d EUR of .*ms CPU time/s);
}, 240_000);
