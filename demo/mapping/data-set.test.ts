import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DocumentError } from "@moiety/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SMALL_MAPPING, smallData } from "../testing/small-data.ts";
import { type DataSet, readDataSet } from "./data-set.ts";
import type { Mapping } from "./mapping.ts";
import { parseMapping } from "./parse-mapping.ts";
import { writePlatform } from "./platform-files.ts";

const mapping = parseMapping(SMALL_MAPPING, "small.yaml");
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-test-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(text: string, by: Mapping = mapping): Promise<DataSet> {
  const file = join(folder, "data.csv");
  writeFileSync(file, text);
  return readDataSet(file, by);
}

async function problemsOf(text: string): Promise<string> {
  const error = await read(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DocumentError);
  return (error as DocumentError).message;
}

describe("readDataSet", () => {
  it("reads identifiers, outcomes, and what features need", async () => {
    const data = await read(smallData());
    expect(data.rows).toBe(300);
    expect(data.identifiers.slice(0, 2)).toEqual(["p-0", "p-1"]);
    expect([...new Set(data.outcomes)].sort()).toEqual([0, 1]);
    // Row 0 says n/a, which the mapping lists as missing.
    expect(data.numbers.get("limit")?.[0]).toBeNaN();
    expect(data.numbers.get("bill")?.[0]).toBe(0);
    expect(data.texts.get("region")?.slice(0, 4)).toEqual(["north", "south", "", "isle"]);
    expect([...data.numbers.keys()].sort()).toEqual(["bill", "income", "limit"]);
  });

  it("names people by their rows where the data set names nobody", async () => {
    const data = await read(smallData(), { ...mapping, identifier: { rows: "row" } });
    expect(data.identifiers.slice(0, 2)).toEqual(["row-0", "row-1"]);
  });

  it.each([
    [
      "a column that is not there",
      (text: string) => text.replace("bill", "bills"),
      'no column "bill"',
    ],
    ["a column twice", (text: string) => text.replace("region", "bill"), 'column "bill" occurs 2'],
    [
      "an outcome of neither kind",
      (text: string) => text.replace(/,no$/m, ",maybe"),
      "neither bad",
    ],
    [
      "a number that is none",
      (text: string) => text.replace("p-1,", "p-1,0x"),
      'line 3, column "limit"',
    ],
    [
      "a person twice",
      (text: string) => text.replace("p-7,", "p-6,"),
      "line 9: the same identifier as on line 8",
    ],
    ["a short row", (text: string) => text.replace("p-7,", ""), "line 9: 6 cells"],
    ["nothing", () => "", "empty"],
    ["nobody bad", (text: string) => text.replaceAll(",yes", ",no"), "bad and of good"],
  ])("refuses %s, by line", async (_, spoil, message) => {
    expect(await problemsOf(spoil(smallData()))).toContain(message);
  });

  it("never repeats a cell", async () => {
    const text = smallData().replace("p-1,", "p-1,secret").replaceAll(",no", ",hidden");
    expect(await problemsOf(text)).not.toMatch(/secret|hidden|p-1/);
  });
});

describe("writePlatform", () => {
  const cards = mapping.platforms[0]!;
  const everybody = Array.from({ length: 300 }, (_, i) => i);

  it("writes what the platform holds and computes, and leaves out whom it does not know", async () => {
    const data = await read(smallData());
    const { catalogue, csv } = writePlatform(folder, mapping, cards, data, everybody);
    expect(catalogue.identifier).toEqual({ type: "opaque", column: "person" });
    const [header, ...rows] = readFileSync(csv, "utf8").trimEnd().split("\n");
    expect(header).toBe("person,limit,utilisation");
    // Whose limit is n/a has neither feature.
    expect(rows).toHaveLength(300 - Math.ceil(300 / 29));
    const [id, limit, utilisation] = rows[0]!.split(",");
    expect(id).toBe("p-1");
    const bill = data.numbers.get("bill")![1]!;
    expect(Number(utilisation)).toBeCloseTo(bill / Number(limit), 12);
  });

  it("takes quantiles of the train part alone, and gives special values bins of their own", async () => {
    const data = await read(smallData());
    const edgesFor = (train: readonly number[]): readonly (readonly number[])[] =>
      writePlatform(folder, mapping, cards, data, train).catalogue.features.map(
        ({ bins }) => (bins as { edges: readonly number[] }).edges,
      );
    const [limit, utilisation] = edgesFor(everybody);
    expect(limit).toHaveLength(5);
    expect(utilisation![0]).toBeGreaterThan(0);
    expect(utilisation![0]).toBeLessThan(0.02);
    const poor = everybody.filter((row) => data.numbers.get("limit")![row]! < 20_000);
    expect(Math.max(...edgesFor(poor)[0]!)).toBeLessThan(20_000);
  });

  it("refuses quantiles of what is all alike", async () => {
    const data = await read(smallData());
    expect(() => writePlatform(folder, mapping, cards, data, [1])).toThrow(
      "feature limit: all alike",
    );
  });
});
