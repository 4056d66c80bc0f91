import { Readable } from "node:stream";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Catalogue } from "../catalogue.ts";
import { DocumentError } from "../document-error.ts";
import { readSampleCsv, type SampleCsvOptions } from "./sample-csv.ts";
import { categorical, numeric } from "./testing/samples.ts";

const identifier = { type: "opaque", column: "id" } as const;
const telecom: Catalogue = {
  domain: "telecom",
  version: 1,
  identifier,
  features: [
    { ...numeric("months", 3), type: "integer", column: "MONTHS" },
    { ...categorical("plan", 2), column: "contract" },
  ],
};
const payments: Catalogue = {
  domain: "payments",
  version: 1,
  identifier,
  features: [numeric("inflow", 4), numeric("months", 2)],
};

function read(
  text: string,
  catalogues: Catalogue[] = [telecom],
  more: Partial<SampleCsvOptions> = {},
) {
  return readSampleCsv(Readable.from([text]), catalogues, { target: "bad", ...more }, "dev.csv");
}

async function refusal(...args: Parameters<typeof read>): Promise<string> {
  try {
    await read(...args);
  } catch (error) {
    if (error instanceof DocumentError) return error.message;
    throw error;
  }
  return "read";
}

describe("readSampleCsv", () => {
  it("reads raw values through the catalogues' bins, by feature, column or domain/feature", async () => {
    const text = "id,months,contract,inflow,bad\n1,0,a,2.5,0\n2,,b,,1\n3,7,,0,0.0\n";
    const { sample, absent, unused, heldOut } = await read(text, [telecom]);
    expect([...sample.outcomes]).toEqual([0, 1, 0]);
    expect(sample.columns.map(({ feature, bins }) => [feature.name, ...bins])).toEqual([
      ["months", 1, 0, 3],
      ["plan", 1, 2, 0],
    ]);
    expect(unused).toEqual(["id", "inflow"]);
    expect(absent).toEqual([]);
    expect(heldOut).toBeUndefined();
  });

  it("reads protected attributes: names of groups, at most 32, never what a feature has", async () => {
    const attributes = ["sex", "age"];
    const text = "sex,months,bad,age\nf,0,1,young\n,2,0, old \nm,3,0,young\nf,1,1,\n";
    const { sample, unused } = await read(text, [telecom], { attributes });
    expect(sample.attributes!.map(({ name, groups }) => [name, ...groups])).toEqual([
      ["sex", "f", "m"],
      ["age", "young", "old"],
    ]);
    expect(sample.attributes!.map(({ members }) => [...members])).toEqual([
      [0, 255, 1, 0],
      [0, 1, 0, 255],
    ]);
    expect(unused).toEqual([]);
    const years = Array.from({ length: 33 }, (_, i) => `${i},1,0,a`).join("\n");
    const tooMany = await refusal(`sex,months,bad,age\n${years}\n`, [telecom], { attributes });
    expect(tooMany).toContain('line 34, column "sex": more than 32 groups');
    const both = await refusal(text, [telecom], { attributes: ["months"] });
    expect(both).toContain('column "months" would be a protected attribute and telecom/months');
    const long = `sex,months,bad,age\n${"x".repeat(65)},1,0,a\n`;
    expect(await refusal(long, [telecom], { attributes })).toContain("not the name of a group");
  });

  it("tells two platforms' features of one name apart by domain/feature", async () => {
    const both = [telecom, payments];
    const ambiguous = await refusal("months,bad\n1,0\n", both);
    expect(ambiguous).toContain('column "months" would be telecom/months and payments/months');
    expect(ambiguous).toContain("name the columns domain/feature");
    const { sample, absent } = await read("telecom/months,payments/months,bad\n1,0,0\n", both);
    expect(sample.columns.map(({ domain, bins }) => [domain, ...bins])).toEqual([
      ["telecom", 2],
      ["payments", 1],
    ]);
    expect(absent).toEqual(["telecom/plan", "payments/inflow"]);
  });

  it("reads who is held out", async () => {
    const text = "months,bad,test\n1,0,1\n2,1,0\n";
    const { heldOut, unused } = await read(text, [telecom], { holdoutColumn: "test" });
    expect([...heldOut!]).toEqual([1, 0]);
    expect(unused).toEqual([]);
  });

  it.each([
    ["", "empty: not even a header line"],
    ["months,bad\n", "0 rows"],
    ["months\n1\n", 'no column "bad", which was named as the target'],
    ["bad,else\n0,1\n", "no column of any feature"],
    ["months,bad,bad\n1,0,0\n", 'column "bad" occurs more than once'],
    ["months,months,bad\n1,1,0\n", 'column "months" occurs more than once'],
    ["months,bad\n1,2\n", 'line 2, column "bad": neither 0 nor 1'],
    ["months,bad\n1,\n", 'line 2, column "bad": neither 0 nor 1'],
    ["months,bad\n1,yes\n", "neither 0 nor 1"],
    ["months,bad\n1.5,0\n", 'column "months": not a whole number; leave it blank'],
    ["months,bad\n0x10,0\n", 'column "months": not a number'],
    ["months,bad\nNaN,0\n", "not a number"],
    ["contract,bad\nz,0\n", "unknown category; add it to the catalogue"],
    ["months,bad\n1,0\n1\n", "line 3: 1 cells, but the header has 2"],
    ['months,bad\n"1,0\n', "never closed"],
    ["months,bad\n1\u00000,0\n", "not UTF-8 text"],
  ])("refuses %j", async (text, problem) => {
    expect(await refusal(text)).toContain(problem);
  });

  it("refuses a target that is a feature, and a holdout column that is not there", async () => {
    expect(await refusal("months,plan\n1,a\n", [telecom], { target: "months" })).toContain(
      'column "months" would be the target and telecom/months',
    );
    const gone = await refusal("months,bad\n1,0\n", [telecom], { holdoutColumn: "test" });
    expect(gone).toContain("holdout's column");
  });

  it("never repeats a cell, and stops at 20 problems", async () => {
    const rows = Array.from({ length: 500 }, (_, i) => `secret${i},0`).join("\n");
    const message = await refusal(`months,bad\n${rows}\n`);
    expect(message).not.toContain("secret");
    expect(message.split("\n").length).toBeLessThanOrEqual(21);
    expect(message).toContain("stopped at line 21");
  });

  it("does not print", async () => {
    const table = await read("months,bad\n7,1\n");
    for (const text of [`${table}`, inspect(table), JSON.stringify(table)]) {
      expect(text).toContain("sample of 1 people");
    }
  });
});
