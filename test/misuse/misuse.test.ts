/** Each misuse in a network of real processes: refused by both bureaus, and by either one alone. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { streamNode } from "@moiety/node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { useWorld } from "../world/network.ts";
import { CARELESS_BUREAU } from "./patches.ts";
import { claimsOf, consentOf, revocationBy } from "./people.ts";
import { FORGERIES, INQUIRIES, REGISTRATIONS } from "./refusals.ts";
import { type Asked, BUREAUS, type Bureau, PURPOSE, Scene } from "./scene.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const world = useWorld();
let scene: Scene;
/** What must stay refused through every restart. */
const spent: Asked[] = [];
const revoked: Asked[] = [];
beforeAll(async () => {
  scene = await Scene.open(world);
});

/** All misuses; `by` is the only bureau that looks, if one alone does. */
function misuses(by?: Bureau): void {
  const who = by ?? "bureau-[ab]";
  it.each(Object.entries(INQUIRIES))("%s", async (_, [code, misuse]) => {
    expect(await misuse(scene)).toMatch(new RegExp(`^${who} refuses: ${code} \\(person 1 of`));
  });

  it.each(Object.entries(REGISTRATIONS))("%s", async (_, [code, misuse]) => {
    expect(await misuse(scene)).toMatch(
      new RegExp(`^${who} refuses the consent of person 1: ${code}: `),
    );
  });

  /** By a bank that asks on, whatever it is told of a consent. */
  const insists = (token: string, id: string): Promise<string> =>
    scene.ordered({ insists: true }, () => scene.refusal({ id, token, bank: "rogue" }));

  it.each(Object.entries(FORGERIES))("a consent with %s", async (_, alter) => {
    const person = await scene.person();
    const token = alter(await consentOf(person, { bank: "rogue" }));
    expect(await insists(token, person.id)).toMatch(`${by ?? ""} refuses: consent-unregistered`);
  });

  it("a consent for another bank", async () => {
    const person = await scene.person();
    const token = await consentOf(person);
    expect(await insists(token, person.id)).toMatch(`${by ?? ""} refuses: consent-unregistered`);
  });

  it("no consent at all", async () => {
    const person = await scene.person();
    const token = await consentOf(person, { bank: "rogue" });
    const said = await scene.ordered({ silent: true }, () =>
      scene.refusal({ id: person.id, token, bank: "rogue" }),
    );
    expect(said).toMatch(`${by ?? ""} refuses: no consents`);
  });
}

describe("with two honest bureaus", () => {
  it("who has a consent gets a score, and the command line says so", async () => {
    const person = await scene.person();
    const asked = { id: person.id, token: await consentOf(person) };
    const consent = world.write("good.jwt", asked.token);
    const args = [
      "score",
      scene.network.config("bank"),
      "--type",
      "opaque",
      "--purpose",
      PURPOSE,
      "--id-file",
      "-",
    ];
    const ask = () => world.run([...args, "--consent", consent], { stdin: `${person.id}\n` });
    const first = await ask();
    expect(first.stdout.toString()).toMatch(/^score \d+ /);
    const again = await ask();
    expect(again.code).toBe(1);
    expect(again.stdout.toString()).toBe("");
    expect(again.stderr.toString()).toMatch(/^error: bureau-[ab] refuses: consent-used-up /);
    spent.push(asked);
    const none = await world.run(args, { stdin: `${person.id}\n` });
    expect(none.stderr.toString()).toMatch(/answers nothing about a person without a consent/);
  });

  misuses();

  it.each(["a", "b"] as const)(
    "bureau %s is given another share than the certified",
    async (side) => {
      const said = scene.ordered({ swaps: side }, () =>
        scene.call("rogue", "/model/deploy", { model: "card" }),
      );
      await expect(said).rejects.toThrow(`bureau-${side}`);
      await expect(said).rejects.toThrow("the share does not open");
    },
  );

  it("a model that nobody certified", async () => {
    const person = await scene.person();
    const token = await consentOf(person, { bank: "rogue" });
    const said = await scene.ordered({ model: true }, () =>
      scene.refusal({ id: person.id, token, bank: "rogue" }),
    );
    expect(said).toMatch(/bureau-[ab] refuses: rogue has no such certified model/);
  });

  it("a revocation counts at both bureaus within a second", async () => {
    const person = await scene.person();
    const token = await consentOf(person, { use: { times: 9, per: "30d" } });
    const started = performance.now();
    await scene.notify("revocation", revocationBy(person, token));
    const said = await scene.refusal({ id: person.id, token });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(said).toContain("consent-revoked");
    revoked.push({ id: person.id, token });
  });

  it("a revocation in the middle of a batch takes its block out, and no other", async () => {
    const people = await Promise.all(Array.from({ length: 66 }, () => scene.person()));
    const consents = await Promise.all(people.map((each) => consentOf(each)));
    scene.tokens.push(...consents);
    const body = {
      identifiers: people.map(({ id }) => id),
      type: "opaque",
      consents,
      purpose: PURPOSE,
    };
    const { socket } = scene.network.target("bank");
    const lines: { start: number; scores: number[] }[] = [];
    const batch = (async () => {
      for await (const line of streamNode<(typeof lines)[0]>(socket, "/batch", { body }))
        lines.push(line);
    })();
    batch.catch(() => {}); // awaited below
    await scene.notify("revocation", revocationBy(people[63]!, consents[63]!));
    await expect(batch).rejects.toThrow("consent-revoked (person 64 of the inquiry)");
    expect(lines.map(({ start, scores }) => [start, scores.length])).toEqual([[64, 2]]);
    // Who stood beside the revoked one has lost nothing.
    expect(await scene.score({ id: people[0]!.id, token: consents[0]! })).toHaveProperty("score");
  });

  it("of inquiries at the same time, with one consent for one, one has a score at most", async () => {
    for (let round = 0; round < 5; round += 1) {
      const person = await scene.person();
      const asked = { id: person.id, token: await consentOf(person) };
      const all = await Promise.allSettled([1, 2, 3, 4].map(() => scene.score(asked)));
      const scores = all.filter(({ status }) => status === "fulfilled");
      expect(scores.length).toBeLessThanOrEqual(1);
      for (const each of all)
        if (each.status === "rejected") expect(each.reason.message).toContain("consent-used-up");
      if (scores.length === 0) continue; // each bureau had begun another: no use is lost
      expect(await scene.refusal(asked)).toContain("consent-used-up");
    }
  });
});

/** What was used or taken back before is not forgotten. */
async function remembers(who: string): Promise<void> {
  for (const [all, code] of [
    [spent, "consent-used-up"],
    [revoked, "consent-revoked"],
  ] as const) {
    expect(all).not.toEqual([]);
    for (const each of all)
      expect(await scene.refusal(each)).toMatch(new RegExp(`^${who} refuses: ${code}`));
  }
}

/** An inquiry in which a bureau is killed right after it has noted the use: nothing comes of it. */
async function dying(bureau: Bureau): Promise<Asked> {
  const person = await scene.person();
  const asked = { id: person.id, token: await consentOf(person) };
  scene.kill(bureau, "inquiry.intended");
  const asking = scene.refusal(asked);
  const [ended] = await Promise.all([scene.network.running(bureau).ended, asking]);
  expect(ended.signal).toBe("SIGKILL");
  return asked;
}

describe.each(BUREAUS)("while %s does not look", (careless) => {
  const honest = BUREAUS.find((each) => each !== careless)!;
  let unknown: Asked;
  let interrupted: Asked;
  beforeAll(async () => {
    interrupted = await dying(careless);
    await scene.start(careless, CARELESS_BUREAU);
    const person = await scene.person();
    unknown = { id: person.id, token: await consentOf(person, { use: { times: 9, per: "30d" } }) };
    await scene.score(unknown);
  });

  misuses(honest);

  it("what was used or revoked before", () => remembers(honest));

  it("and once it looks again, it refuses what it did not register, until it has", async () => {
    await scene.restart(careless);
    expect(await scene.refusal(unknown)).toMatch(`${careless} refuses: consent-unregistered`);
    expect(await scene.score(unknown)).toHaveProperty("score");
    // Whose node was killed as soon as it had noted the use; the other bureau's turn comes later.
    expect(await scene.refusal(interrupted)).toContain("consent-used-up");
    spent.push(interrupted);
    await remembers("bureau-[ab]");
  });
});

describe("no identifier, pseudonym, key or token is", () => {
  /** Every form in which text or bytes could stand there. */
  function secrets(): Buffer[] {
    const people = scene.people.flatMap(({ id, attestation: { person, subject } }) => [
      Buffer.from(id),
      ...[person.pseudonym, subject.key].flatMap((hex) => forms(Buffer.from(hex, "hex"))),
      Buffer.from(subject.thumbprint),
    ]);
    const tokens = scene.tokens.flatMap((token) => [
      ...token.split(".").map((part) => Buffer.from(part)),
      ...forms(Buffer.from(claimsOf(token).jti, "hex")),
    ]);
    return [...new Set([...people, ...tokens].map((each) => each.toString("latin1")))].map((each) =>
      Buffer.from(each, "latin1"),
    );
  }
  const forms = (bytes: Buffer): Buffer[] => [
    bytes,
    ...(["hex", "base64", "base64url"] as const).map((form) => Buffer.from(bytes.toString(form))),
  ];
  function found(file: string): string[] {
    const content = readFileSync(file);
    return secrets()
      .filter((each) => content.includes(each))
      .map((each) => `${file}: ${each.toString("latin1").slice(0, 40)}`);
  }

  it("in any node's log", () => {
    expect(secrets().length).toBeGreaterThan(1_000);
    for (const name of scene.network.names)
      expect(found(join(scene.network.folder, name, "node.log"))).toEqual([]);
    expect(found(join(world.folder, "telecom.csv")).length).toBeGreaterThan(100); // it can be found
  });

  it.each(BUREAUS)("in the exported log of %s", async (bureau) => {
    const folder = join(world.folder, `ledger-${bureau}`);
    const config = scene.network.config(bureau);
    const exporting = () => world.run(["ledger", "export", "--config", config, "--folder", folder]);
    await expect.poll(async () => (await exporting()).code, { timeout: 30_000 }).toBe(0);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    const paths = files.filter((each) => each.isFile()).map((each) => join(each.path, each.name));
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) expect(found(path)).toEqual([]);
  });
});
