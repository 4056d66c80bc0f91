/**
 * A real data set: 30,000 card holders (UCI "Default of Credit Card Clients", CC BY 4.0). It is not part
 * of the repository; where it does not lie beside it, this test is skipped.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Catalogue } from "../catalogue.ts";
import type { Feature } from "../feature.ts";
import { auc } from "../metrics.ts";
import { parseScorecard, scorecardBytes, scoreRange } from "../scorecard.ts";
import { proposeEdges } from "./edges.ts";
import { fitScorecard } from "./fit-scorecard.ts";
import { judge } from "./judge.ts";
import { logOddsOf, sampleRows, scoresOf, splitRows } from "./sample.ts";
import { readSampleCsv } from "./sample-csv.ts";
import { IDENTITY } from "./testing/samples.ts";

const FILE = fileURLToPath(
  new URL("../../../../../shared/data/taiwan-credit.csv", import.meta.url),
);

/** One catalogue of every column, with edges from the rows to fit on only. */
function catalogueOf(text: string, train: Uint32Array): Catalogue {
  const [header, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));
  const features = header!.flatMap((column, at): Feature[] => {
    if (column === "ID" || column === "default") return [];
    const cells = Array.from(train, (row) => rows[row]![at]!);
    const values = cells.map((cell) => (cell === "" ? Number.NaN : Number(cell)));
    const facts = { unit: "none", meaning: column, freshness: "P31D", column };
    const bins = { edges: proposeEdges(values) };
    const { purposes } = IDENTITY;
    return [{ ...facts, name: column.toLowerCase(), type: "number", purposes, bins }];
  });
  return { domain: "all", version: 1, identifier: { type: "opaque", column: "ID" }, features };
}

describe.skipIf(!existsSync(FILE))("on taiwan-credit.csv (skipped where it is not there)", () => {
  it("the whole points reach a held-out AUC of 0.765 and a KS of 0.40, with defaults", async () => {
    const text = readFileSync(FILE, "utf8");
    const people = text.trim().split("\n").length - 1;
    const { train, holdout } = splitRows(people, { holdout: 0.3, seed: "20240601" });
    const catalogue = catalogueOf(text, train);
    const { sample } = await readSampleCsv(FILE, [catalogue], { target: "default" });
    const [dev, held] = [sampleRows(sample, train), sampleRows(sample, holdout)];
    const fit = fitScorecard(dev, IDENTITY);
    const { auc: area, ks } = judge(fit.scorecard, dev, held).holdout!;
    expect(held.outcomes).toHaveLength(9000);
    expect(area).toBeGreaterThanOrEqual(0.765);
    expect(ks).toBeGreaterThanOrEqual(0.4);
    expect(area - auc(logOddsOf(fit, held), held.outcomes)).toBeGreaterThan(-0.0005);
    const model = parseScorecard(new TextDecoder().decode(scorecardBytes(fit.scorecard)), "taiwan");
    expect(scoreRange(model).max - scoreRange(model).min).toBeGreaterThan(1000);
    expect(Math.max(...scoresOf(model, held))).toBeLessThanOrEqual(1023);
  });
});
