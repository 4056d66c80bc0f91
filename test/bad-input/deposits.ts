/** CSVs that no platform should deposit, and some that look odd and are fine. */
import { expect, it } from "vitest";
import { expectFailure, paymentsCsv, phone, type Scene, telecomCsv } from "./scene.ts";

const HEADER = "phone,tenure_months,late_payments_12m";

const BAD: Readonly<Record<string, readonly [csv: string, ...words: RegExp[]]>> = {
  "an unknown column": [
    `${HEADER},shoe_size\n${phone(1)},12,0,44\n`,
    /line 1: column 4 "shoe_size" is not in the catalogue; remove it or declare it/,
  ],
  "wrong types": [
    `${HEADER}\n${phone(1)},twelve,0\n${phone(2)},12,1.5\nnobody,3,0\n`,
    /line 2, column "tenure_months": /,
    /line 3, column "late_payments_12m": /,
    /line 4, column "phone": not a phone number/,
  ],
  "a person twice": [
    `${HEADER}\n${phone(1)},12,0\n${phone(2)},3,0\n${phone(1).replace("+", "00")},9,1\n`,
    /line 4, column "phone": the same phone as on line 2; keep one row per person/,
  ],
  "no rows": [`${HEADER}\n`, /0 rows: nothing after the header line/],
  "a truncated last line": [
    telecomCsv(1, 9).slice(0, -4),
    /line 10: 2 cells, but the header has 3; is the file truncated\?/,
  ],
};

export function depositCases(scene: () => Scene): void {
  it.each(Object.entries(BAD))("refuses a CSV with %s", async (name, [csv, ...words]) => {
    const { world, network } = scene();
    const before = await scene().holdings("bureau-b");
    const file = world.write(`${name}.csv`, csv);
    const ended = await scene().run(["deposit", network.config("telecom"), file]);
    expectFailure(ended, `csv ${file}`, ...words);
    for (const secret of ["twelve", "nobody", phone(1).slice(1)])
      expect(ended.stderr.toString()).not.toContain(secret);
    expect(await scene().holdings("bureau-b")).toEqual(before);
  });

  it("refuses a CSV that is not there", async () => {
    const before = await scene().holdings("bureau-b");
    const config = scene().network.config("telecom");
    const ended = await scene().run(["deposit", config, "/nowhere/users.csv"]);
    expectFailure(ended, "csv /nowhere/users.csv cannot be read", "ENOENT");
    expect(await scene().holdings("bureau-b")).toEqual(before);
  });

  it("refuses a CSV that lacks a column", async () => {
    const csv = scene().world.write("narrow.csv", `phone,tenure_months\n${phone(1)},12\n`);
    expect(await scene().refusal("telecom", "/deposit", { csv })).toMatch(
      /line 1: no column "late_payments_12m"; the catalogue declares it/,
    );
  });
}

export function oddCases(scene: () => Scene): void {
  it("takes Windows line ends and a byte order mark as if they were not there", async () => {
    const { world, network } = scene();
    const csv = `\uFEFF${paymentsCsv(11, 50).replaceAll("\n", "\r\n")}`;
    const file = world.write("windows.csv", csv);
    const ended = await scene().run(["deposit", network.config("payments"), file, "--json"]);
    expect(ended.stderr.toString()).toBe("");
    const answer: unknown = JSON.parse(ended.stdout.toString());
    expect(answer).toMatchObject({ records: 40, version: 1, kind: "unchanged" });
    await scene().remember("payments", file);
    await scene().expectHonestScore(11);
    await scene().expectHonestScore(50);
  });
}
