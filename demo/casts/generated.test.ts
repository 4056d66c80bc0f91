import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkScorecard, type Scorecard, sampleOfBins, scoreRange, scoresOf } from "@moiety/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CastManifest, readCatalogue } from "../cast.ts";
import { CATALOGUE_FILES } from "../demo-files.ts";
import { generatePopulation } from "../population.ts";
import { judgedBy } from "./development.ts";
import { knownOutcomes, prepareGenerated } from "./generated.ts";

const people = { people: 3000, seed: "unseen" };
const catalogues = Object.values(CATALOGUE_FILES).map(readCatalogue);
let folder = "";
let cast: CastManifest;
let model: Scorecard;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-test-"));
  cast = await prepareGenerated(folder, people, false);
  model = JSON.parse(readFileSync(join(folder, cast.model), "utf8")) as Scorecard;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the scorecard of generated people", () => {
  it("fits the catalogues, and its totals fit 0..1023", () => {
    checkScorecard(model, catalogues);
    expect(model.characteristics.length).toBeGreaterThan(12);
    const { min, max } = scoreRange(model);
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThanOrEqual(1023);
  });

  it("tells good from bad among people it has not seen, as well as before it was rounded", async () => {
    const sample = sampleOfBins(await knownOutcomes(generatePopulation(people)), catalogues);
    const { auc } = judgedBy(scoresOf(model, sample), sample.outcomes);
    expect(auc).toBeGreaterThan(0.75);
    expect(auc).toBeLessThan(0.83);
    expect(Math.abs(auc - cast.fitted!.float.auc)).toBeLessThan(0.005);
  });
});
