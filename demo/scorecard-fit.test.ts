import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import {
  auc,
  type BinsByDomain,
  type Catalogue,
  checkScorecard,
  parseCatalogue,
  parseScorecard,
  probabilityOfBad,
  score,
  scoreRange,
} from "@moiety/model";
import { describe, expect, it } from "vitest";
import { CATALOGUE_FILES, DEVELOPMENT_SAMPLE, SCORECARD_FILE } from "./demo-files.ts";
import { binsInTheClear } from "./in-the-clear.ts";
import { newtonLogistic } from "./logistic.ts";
import { csvLines, generatePopulation, type PopulationOptions } from "./population.ts";
import { fitScorecard, type KnownOutcome } from "./scorecard-fit.ts";

const catalogues: Catalogue[] = Object.entries(CATALOGUE_FILES).map(([domain, path]) => {
  const catalogue = parseCatalogue(readFileSync(path, "utf8"), path);
  expect(catalogue.domain).toBe(domain);
  return catalogue;
});
const file = readFileSync(SCORECARD_FILE, "utf8");
const model = parseScorecard(file, SCORECARD_FILE);

async function sample(options: PopulationOptions): Promise<KnownOutcome[]> {
  const { people, platforms } = generatePopulation(options);
  const sources = platforms.map((platform, i) => ({
    catalogue: catalogues[i]!,
    csv: Readable.from(csvLines(platform), { objectMode: false }),
  }));
  const bins = await binsInTheClear(sources);
  const nobodyKnows: BinsByDomain = new Map();
  return people.map(({ phone, outcome }) => ({
    bins: bins.get(`phone:${phone}`) ?? nobodyKnows,
    outcome,
  }));
}

describe("the demo's scorecard", () => {
  it("is what the fit makes of the development sample, to the point", async () => {
    const { name, version, purposes, scaling } = model;
    const fitted = fitScorecard(await sample(DEVELOPMENT_SAMPLE), catalogues, {
      name,
      version,
      purposes,
      scaling,
    });
    expect(JSON.parse(file)).toEqual(fitted);
  });

  it("fits the catalogues, and its totals fit 0..1023", () => {
    checkScorecard(model, catalogues);
    expect(model.characteristics).toHaveLength(20);
    const { min, max } = scoreRange(model);
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThanOrEqual(1023);
  });

  it("tells good from bad among people it has not seen, and its probabilities are calibrated", async () => {
    const people = await sample({ people: 6000, seed: "unseen" });
    const scores = people.map(({ bins }) => score(model, bins));
    const outcomes = people.map(({ outcome }) => outcome);
    expect(auc(scores, outcomes)).toBeGreaterThan(0.75);
    expect(auc(scores, outcomes)).toBeLessThan(0.82);
    const rate = outcomes.reduce<number>((a, b) => a + b, 0) / people.length;
    const expected = scores.reduce((a, s) => a + probabilityOfBad(s, model.scaling), 0);
    expect(Math.abs(expected / people.length - rate)).toBeLessThan(0.015);
  });
});

describe("fitScorecard", () => {
  it("needs good and bad people", () => {
    const options = {
      name: "m",
      version: 1,
      purposes: ["credit-origination"],
      scaling: model.scaling,
    };
    const good: KnownOutcome = { bins: new Map(), outcome: 0 };
    expect(() => fitScorecard([good, good], catalogues, options)).toThrow("good and bad");
    expect(() => fitScorecard([], catalogues, options)).toThrow("good and bad");
  });

  it("uses only features that permit the purpose", async () => {
    const people = await sample({ people: 1000, seed: "review" });
    const fitted = fitScorecard(people, catalogues, {
      name: "review",
      version: 1,
      purposes: ["credit-review"],
      scaling: model.scaling,
    });
    checkScorecard(parseScorecard(JSON.stringify(fitted), "review.json"), catalogues);
    expect(fitted.characteristics.map(({ feature }) => feature)).not.toContain("orders_12m");
  });
});

describe("newtonLogistic", () => {
  it("sets the intercept to the log odds when there is nothing else", () => {
    const { intercept, weights } = newtonLogistic([], Uint8Array.from([1, 1, 1, 0]));
    expect(intercept).toBeCloseTo(Math.log(3), 10);
    expect(weights).toEqual([]);
  });

  it("finds the point where the penalised likelihood is flat", () => {
    const columns = [0.7, 1.3].map((step) =>
      Float64Array.from({ length: 200 }, (_, i) => Math.sin(i * step)),
    );
    const targets = Uint8Array.from({ length: 200 }, (_, i) =>
      Math.sin(i * 0.7) + Math.cos(i * 5) > 0 ? 1 : 0,
    );
    const { intercept, weights } = newtonLogistic(columns, targets);
    const residuals = Array.from(targets, (target, i) => {
      const logit = columns.reduce((sum, column, j) => sum + weights[j]! * column[i]!, intercept);
      return target - 1 / (1 + Math.exp(-logit));
    });
    expect(residuals.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 8);
    columns.forEach((column, j) => {
      const slope = residuals.reduce((sum, r, i) => sum + r * column[i]!, 0);
      expect(slope).toBeCloseTo(weights[j]!, 8);
    });
    expect(weights[0]).toBeGreaterThan(1);
  });
});
