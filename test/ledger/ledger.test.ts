/** The bureaus' logs in a network of real processes: cosigned, exported, verified, and held to their word. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SigningKey } from "@moiety/crypto";
import { streamNode } from "@moiety/node";
import { expect, test } from "vitest";
import { telecomCsv } from "../bad-input/scene.ts";
import { type Network, useWorld } from "../world/network.ts";

const world = useWorld();

interface LedgerFacts {
  readonly entries: number;
  readonly published: number;
  readonly cosigned: Readonly<Record<string, number | null>>;
  readonly stopped?: string;
}

async function facts(network: Network, bureau: string): Promise<LedgerFacts> {
  return (await network.status(bureau)).facts.ledger as LedgerFacts;
}

/** Waits until all that is in the log is published with both cosignatures. */
async function settled(network: Network, bureau: string, entries: number): Promise<void> {
  await until(async () => {
    const { entries: held, published, cosigned } = await facts(network, bureau);
    const both = Object.values(cosigned).every((age) => age !== null);
    return held >= entries && published === held && both;
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come to that");
}

async function moiety(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await world.run(args);
  expect(code, stderr.toString()).toBe(0);
  return stdout.toString();
}

function trust(network: Network): string[] {
  const file = join(network.folder, "authority", "signing.key");
  const secret = Buffer.from(readFileSync(file, "utf8").trim(), "hex");
  const authority = Buffer.from(new SigningKey(secret).verifyingKey.bytes).toString("hex");
  return ["--roster", join(network.folder, "roster.json"), "--authority", authority];
}

/** A deposit of the starter platform telecom, to its end. */
async function deposit(network: Network, people: number): Promise<void> {
  const csv = world.write(`telecom-${people}.csv`, telecomCsv(1, people));
  const { socket } = network.target("telecom");
  for await (const _ of streamNode(socket, "/deposit", { body: { csv } })); // to the end
}

test("a network's logs: cosigned, exported, one history over restarts, and no old copy goes on", async () => {
  const network = await world.network();
  const config = network.config("bureau-a");
  const yaml = readFileSync(config, "utf8");
  writeFileSync(config, `${yaml}public: { host: 127.0.0.1, port: 0 }\n`);
  await network.start();
  await deposit(network, 30);
  const trusted = trust(network);
  const folders = { "bureau-a": join(world.folder, "a"), "bureau-b": join(world.folder, "b") };
  const exportAll = async (entries: number): Promise<void> => {
    for (const [bureau, folder] of Object.entries(folders)) {
      await settled(network, bureau, entries);
      await moiety("ledger", "export", "--config", network.config(bureau), "--folder", folder);
      const verified = await moiety("ledger", "verify", folder, "--json", ...trusted);
      expect(JSON.parse(verified)).toMatchObject({
        origin: `moiety-local/${bureau}`,
        kinds: { roster: 1, deposit: entries - 1 },
        cosigned: [{}, {}],
      });
    }
    await moiety("ledger", "compare", folders["bureau-a"], folders["bureau-b"], ...trusted);
  };
  await exportAll(2);
  const first = readFileSync(join(folders["bureau-a"], "tile/entries/000.p/2"));

  // The same over HTTP, for whoever is not on this machine.
  const port = readFileSync(join(network.folder, "run", "bureau-a.public-port"), "utf8").trim();
  const http = join(world.folder, "http");
  const url = `http://127.0.0.1:${port}/ledger`;
  await moiety("ledger", "export", "--from", url, "--folder", http);
  await moiety("ledger", "verify", http, ...trusted);

  // Restarted, it goes on where it was.
  const data = join(dirname(config), "data");
  await network.stop("bureau-a");
  const copy = join(world.folder, "old-copy");
  cpSync(data, copy, { recursive: true });
  await network.start("bureau-a");
  await deposit(network, 31);
  await exportAll(3);
  const later = readFileSync(join(folders["bureau-a"], "tile/entries/000.p/3"));
  expect(later.subarray(0, first.length)).toEqual(first);

  // An old copy of the store in its place: its witnesses know more, so it signs nothing.
  await network.stop("bureau-a");
  rmSync(data, { recursive: true });
  renameSync(copy, data);
  await network.start("bureau-a");
  await until(async () => (await facts(network, "bureau-a")).stopped !== undefined);
  expect((await facts(network, "bureau-a")).stopped).toMatch(
    /3 entries was signed.*restore a newer/,
  );
  const { health } = await network.status("bureau-a");
  expect(health.ailments.join()).toMatch(/does not hold/);
}, 240_000);
