import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { splitRows } from "@moiety/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CastManifest, openCast } from "../cast.ts";
import { parseMapping } from "../mapping/parse-mapping.ts";
import { SMALL_MAPPING, smallData } from "../testing/small-data.ts";
import { prepareMapped } from "./mapped.ts";

describe("who is held out", () => {
  const TAIWAN = parseMapping(
    readFileSync(new URL("../taiwan.yaml", import.meta.url), "utf8"),
    "taiwan.yaml",
  );

  it.each([
    [30_000, [12944, 8785, 3876, 3260, 12943]],
    [1000, [621, 812, 990, 395, 851]],
  ])("of %d rows is as published for this data: %j train first", (rows, first) => {
    const { train, holdout } = splitRows(rows, TAIWAN.split);
    expect(train).toHaveLength(Math.round(0.7 * rows));
    const rank = (row: number): string =>
      createHash("sha256").update(`20240601:${row}`).digest("hex");
    const ranks = Array.from(train, (row) => [rank(row), row] as const).sort();
    expect(ranks.slice(0, 5).map(([, row]) => row)).toEqual(first);
    // Everybody who trains comes before everybody who is held out.
    const least = Array.from(holdout, rank).sort()[0]!;
    expect(ranks.at(-1)![0] < least).toBe(true);
    expect(new Set([...train, ...holdout]).size).toBe(rows);
  });
});

describe("prepareMapped", () => {
  const mapping = parseMapping(SMALL_MAPPING, "small.yaml");
  let folder = "";
  let data = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "moiety-test-"));
    data = join(folder, "data.csv");
    writeFileSync(data, smallData());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("asks about those held out, and fits on the others", async () => {
    const { cast, made } = await openCast(folder, (place) => prepareMapped(place, mapping, data));
    expect(made).toBe(true);
    expect(cast.people).toHaveLength(90);
    expect(cast.fitted?.people).toBe(210);
    expect(cast.fitted?.float.auc).toBeGreaterThan(0.7);
    expect(cast.network).toBe("moiety-small");
    expect(cast.platforms.map(({ catalogue }) => catalogue.domain)).toEqual(["cards", "payroll"]);
    expect(cast.model.characteristics.map(({ domain }) => domain)).toContain("payroll");
  });

  it("opens again what was prepared, and makes anew what was broken off", async () => {
    const never = (): Promise<CastManifest> => Promise.reject(new Error("prepared twice"));
    expect((await openCast(folder, never)).made).toBe(false);
    const other = join(folder, "other");
    mkdirSync(other);
    const killed = openCast(other, async (place) => {
      writeFileSync(join(place, "cards.csv"), "person,lim");
      throw new Error("killed");
    });
    await expect(killed).rejects.toThrow("killed");
    const { cast, made } = await openCast(other, (place) => prepareMapped(place, mapping, data));
    expect(made).toBe(true);
    expect(readFileSync(cast.platforms[0]!.csv, "utf8")).toMatch(/^person,limit,utilisation\n/);
  });
});
