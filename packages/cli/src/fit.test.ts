import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRng } from "@moiety/crypto";
import { parseScorecard, scoreRange } from "@moiety/model";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { addFit } from "./fit-command.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-fit-"));
const at = (name: string) => join(folder, name);

const CATALOGUE = `
domain: telecom
version: 1
identifier: { type: opaque, column: id }
features:
  - { name: tenure_months, type: integer, unit: months, meaning: Months., freshness: P31D,
      purposes: [credit-origination, credit-review], bins: { edges: [6, 12, 24, 48] } }
  - { name: plan, type: category, unit: none, meaning: Plan., freshness: P31D,
      purposes: [credit-origination], bins: { categories: [["<script>alert(1)</script>"], [b], ["*"]] } }
  - { name: never_there, type: number, unit: none, meaning: Gone., freshness: P31D,
      purposes: [credit-origination], bins: { edges: [1] } }
`;

/** Longer tenure is a better risk, and so is plan b; a few cells are blank. */
function sampleCsv(people: number): string {
  const rng = seededRng("a development sample");
  const lines = Array.from({ length: people }, (_, i) => {
    const [a, b, c, d] = rng.bytes(4);
    const months = a! % 60;
    const plan = ["<script>alert(1)</script>", "b", "c"][b! % 3]!;
    const logit = -0.5 - months / 20 + (plan === "b" ? -0.8 : 0);
    const bad = (d! + 0.5) / 256 < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    return `${i},${c! < 10 ? "" : months},${plan},${bad},${i % 4 === 0 ? 1 : 0}`;
  });
  return `id & <b>,tenure_months,plan,bad,test\n${lines.join("\n")}\n`;
}

beforeAll(() => {
  writeFileSync(at("telecom.yaml"), CATALOGUE);
  writeFileSync(at("dev.csv"), sampleCsv(3000));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command; gives what it printed. Throws what it throws. */
async function fit(...more: string[]): Promise<string> {
  let printed = "";
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed += String(text);
      return true;
    }),
  );
  try {
    const program = new Command("moiety").exitOverride();
    addFit(program);
    for (const command of program.commands) command.exitOverride();
    const files = ["--sample", at("dev.csv"), "--catalogue", at("telecom.yaml")];
    const given = ["fit", ...files, "--target", "bad", "--out", at("card.json"), ...more];
    await program.parseAsync(given, { from: "user" });
    return printed;
  } catch (error) {
    throw new Error(`${(error as Error).message} ${printed}`);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const modelText = () => readFileSync(at("card.json"), "utf8");

describe("moiety model fit", () => {
  it("writes a scorecard that only its owner can read, and says how good it is", async () => {
    const text = await fit();
    const model = parseScorecard(modelText(), "card.json");
    expect(model).toMatchObject({ name: "card", version: 1, purposes: ["credit-origination"] });
    expect(model.characteristics.map(({ feature }) => feature)).toEqual(["tenure_months", "plan"]);
    expect(scoreRange(model).min).toBeGreaterThanOrEqual(0);
    expect(scoreRange(model).max).toBeLessThanOrEqual(1023);
    expect(statSync(at("card.json")).mode & 0o777).toBe(0o600);
    for (const part of [
      /^card@1: 2 features/,
      /AUC +0\.\d{3} +0\.\d{3}/,
      /PSI of the scores.*stable/,
      /telecom\/tenure_months +0\.\d{3} +█+/,
      /not in the sample: telecom\/never_there/,
      /columns of no catalogue: id & <b>, test/,
      /Gains, held out/,
      /≥ \d+/,
      /next: moiety model certify <bank>/,
    ]) {
      expect(text).toMatch(part);
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none where nobody watches
    expect(text).not.toMatch(/\u001b/);
  });

  it("writes the same bytes again, others for other people held out", async () => {
    await fit("--report", at("report.html"));
    const [model, page] = [modelText(), readFileSync(at("report.html"), "utf8")];
    await fit("--report", at("report.html"));
    expect(modelText()).toBe(model);
    expect(readFileSync(at("report.html"), "utf8")).toBe(page);
    await fit("--seed", "2");
    expect(modelText()).not.toBe(model);
  });

  it("draws a page that asks nobody for anything, and takes names for text", async () => {
    await fit("--report", at("report.html"));
    const page = readFileSync(at("report.html"), "utf8");
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page).not.toMatch(/<script|<link|<iframe|<img|<object|\bon\w+=|url\((?!#)/i);
    expect(page.match(/https?:\/\/[^"' ]+/g)?.filter((url) => !url.includes("w3.org"))).toEqual([]);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).toContain("id &amp; &lt;b&gt;");
    expect(page).toContain("prefers-color-scheme:dark");
    // Four plots, the information values, and one a feature.
    expect(page.match(/<svg /g)).toHaveLength(7);
    const ids = page.match(/ id="[^"]+"/g) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
    expect(statSync(at("report.html")).mode & 0o777).toBe(0o600);
  });

  it("answers figures as JSON, without points", async () => {
    const json = JSON.parse(await fit("--json", "--holdout-column", "test")) as {
      train: { people: number };
      holdout: { people: number; auc: number };
      features: Record<string, unknown>[];
      unused: string[];
    };
    expect(json.train.people).toBe(2250);
    expect(json.holdout.people).toBe(750);
    expect(json.holdout.auc).toBeGreaterThan(0.6);
    expect(json.unused).toEqual(["id & <b>"]);
    expect(json.features[0]).toHaveProperty("woe");
    expect(JSON.stringify(json)).not.toContain('"points"');
  });

  it("holds nobody out when told so, and says what that means", async () => {
    const text = await fit("--holdout", "0", "--monotone", "tenure_months=up", "--ridge", "0");
    expect(text).toContain("nobody was held out: judge it on others");
    expect(text).toMatch(/people +3,000\n/);
  });

  it("takes a scaling, and says what would fit when it does not", async () => {
    await fit("--pdo", "40", "--odds", "15", "--anchor", "600", "--name", "consumer", "--json");
    const { scaling, name } = parseScorecard(modelText(), "card.json");
    expect(scaling).toEqual({ pdo: 40, odds: 15, anchorScore: 600 });
    expect(name).toBe("consumer");
    await expect(fit("--pdo", "900")).rejects.toThrow(/totals would run.*pdo may be \d+ at most/);
  });

  it.each([
    [["--target", "plan"], "would be the target and telecom/plan"],
    [["--target", "gone"], 'no column "gone"'],
    [["--sample", "/nowhere.csv"], "cannot be read"],
    [["--catalogue", "/nowhere.yaml"], "/nowhere.yaml cannot be read (ENOENT)"],
    [["--config", "/nowhere.yaml"], "say which catalogues"],
    [["--monotone", "plan=sideways"], "one of up, down, auto, free"],
    [["--monotone", "height=up"], 'no feature "height"'],
    [["--holdout", "much"], "write a number"],
    [["--holdout", "1"], "holdout: a share from 0 to below 1"],
    [["--holdout", "0.2", "--holdout-column", "test"], "not both"],
    [["--holdout-column", "bad"], "would be the target and the holdout's column"],
    [["--min-iv", "99"], "no feature is left"],
    [["--name", "My Card"], "write a name"],
    [["--purpose", "marketing"], "purpose not permitted"],
    [["--out", "/nowhere/card.json"], "cannot be written (ENOENT)"],
    [["--exclude", "tenure_months", "plan"], "no feature is left for a scorecard (excluded)"],
  ])("refuses %j", async (flags, problem) => {
    await expect(fit(...flags)).rejects.toThrow(problem);
  });
});

describe("--protected", () => {
  it("compares groups, names small ones, and fits as without them", async () => {
    const rows = readFileSync(at("dev.csv"), "utf8").trim().split("\n");
    const [header, ...people] = rows;
    const withGroups = people.map((row, i) => {
      const months = Number(row.split(",")[1]);
      return `${row},${i % 200 === 0 ? "few" : months < 20 ? "young" : "old"}`;
    });
    writeFileSync(at("groups.csv"), `${header},age_group\n${withGroups.join("\n")}\n`);
    await fit();
    const plain = modelText();
    const more = ["--protected", "age_group", "--report", at("groups.html")];
    const printed = await fit("--sample", at("groups.csv"), ...more);
    expect(readFileSync(at("groups.html"), "utf8")).toContain("<h2>Groups of age_group</h2>");
    expect(modelText()).toBe(plain);
    expect(printed).toContain("Groups of age_group");
    expect(printed).toContain("age_group = young: adverse impact ratio");
    expect(printed).not.toContain("age_group = old");
    expect(printed).toContain("too few people: few");
    await expect(fit("--protected", "nowhere")).rejects.toThrow("a protected attribute");
  });
});
