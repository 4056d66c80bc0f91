import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type Catalogue, parseCatalogue } from "./catalogue.ts";
import { MAX_LINE_BYTES } from "./csv-records.ts";
import { type DepositTable, readDepositCsv } from "./deposit-csv.ts";
import { DocumentError } from "./document-error.ts";

const FACTS = "unit: none, meaning: m, freshness: P1D, purposes: [p]";
const catalogue: Catalogue = parseCatalogue(
  `
domain: shop
version: 1
identifier: { type: opaque, column: user }
features:
  - { name: age, type: integer, ${FACTS}, bins: { edges: [30, 50] } }
  - { name: income, type: number, ${FACTS}, column: income_cny, bins: { edges: [0, 1000.5] } }
  - { name: plan, type: category, ${FACTS}, bins: { categories: [[free], [paid, trial]] } }
`,
  "shop.yaml",
);

/** A stream that delivers the text in chunks of a few bytes, so that every boundary is hit. */
function stream(text: string | Uint8Array, chunkBytes: number = 7): Readable {
  const bytes = Buffer.from(text as string);
  const chunks: Buffer[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) chunks.push(bytes.subarray(i, i + chunkBytes));
  return Readable.from(chunks, { objectMode: false });
}

const read = (text: string | Uint8Array): Promise<DepositTable> =>
  readDepositCsv(stream(text), catalogue, "users.csv");

async function problemsOf(text: string | Uint8Array): Promise<readonly string[]> {
  const error = await read(text).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DocumentError);
  return (error as DocumentError).problems;
}

const names = (table: DepositTable): string[] =>
  table.identifiers.map((bytes) => new TextDecoder().decode(bytes));

const HEADER = "user,age,income_cny,plan\n";
const ROWS = `${HEADER}alice,29,-5,free\nbob,30,,trial\n"carol, C.",,1e4,\n`;
const BINS = [1, 1, 1, 2, 0, 2, 0, 3, 0];

const folder = mkdtempSync(join(tmpdir(), "deposit-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("readDepositCsv", () => {
  it("gives canonical identifiers, bins row by row, and how much is missing", async () => {
    const table = await read(ROWS);
    expect(names(table)).toEqual(["opaque:alice", "opaque:bob", "opaque:carol, C."]);
    expect([...table.bins]).toEqual(BINS);
    expect(table.report.rows).toBe(3);
    expect(table.report.missing).toEqual({ age: 1, income: 1, plan: 1 });
  });

  it.each([
    ["a byte order mark", `\ufeff${ROWS}`],
    ["Windows line ends", ROWS.replaceAll("\n", "\r\n")],
    ["both", `\ufeff${ROWS.replaceAll("\n", "\r\n")}`],
    ["no line feed at the end", ROWS.trimEnd()],
    ["blank lines", `${ROWS.replace("bob", "\nbob")}\n\n`],
    ["blanks around cells", ROWS.replace("alice,29", " alice , 29 ")],
    ["a byte order mark and a quoted header", `\ufeff${ROWS.replace("user", '"user"')}`],
  ])("takes %s", async (_, text) => {
    const table = await read(text);
    expect([...table.bins]).toEqual(BINS);
    expect(names(table)[0]).toBe("opaque:alice");
  });

  it("reads columns in any order, from a path as from a stream", async () => {
    const path = join(folder, "users.csv");
    writeFileSync(path, "plan,user,income_cny,age\nfree,zoe,2000,70\n");
    const table = await readDepositCsv(path, catalogue);
    expect([...table.bins]).toEqual([3, 3, 1]);
  });

  it("does not print what it holds", async () => {
    const table = await read(ROWS);
    for (const shown of [inspect(table), String(table), JSON.stringify({ table })]) {
      expect(shown).toContain("[deposit of 3 rows]");
      expect(shown).not.toMatch(/alice|bins|\d, \d/);
    }
  });

  it("keeps every row in order, whatever their number and the chunks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5000 }), fc.nat(), async (rows, seed) => {
        const ages = Array.from({ length: rows }, (_, i) => ((i * 31 + seed) % 90) + 1);
        const text = HEADER + ages.map((age, i) => `u${i},${age},0,paid\n`).join("");
        const table = await readDepositCsv(stream(text, 1 + (seed % 997)), catalogue);
        expect(table.identifiers.length).toBe(rows);
        const wrong = ages.findIndex(
          (age, i) => table.bins[i * 3] !== (age < 30 ? 1 : age < 50 ? 2 : 3),
        );
        expect(wrong).toBe(-1);
        expect(names(table)[rows - 1]).toBe(`opaque:u${rows - 1}`);
      }),
      { numRuns: 15 },
    );
  });
});

describe("readDepositCsv refuses, by line and column", () => {
  it.each([
    ["d,x,1,free", 'line 5, column "age": not a number; leave it blank'],
    ["d,1.5,1,free", 'line 5, column "age": not a whole number'],
    ["d,1,n/a,free", 'line 5, column "income_cny": not a number'],
    ["d,1,1,gold", 'line 5, column "plan": unknown category; add it to the catalogue, or "*"'],
    [",1,1,free", 'line 5, column "user": blank'],
    ["d\u200b,1,1,free", 'line 5, column "user": contains an invisible'],
    [" bob,1,1,free", 'line 5, column "user": the same opaque as on line 3; keep one row'],
    ["d,1,1", "line 5: 3 cells, but the header has 4; is the file truncated?"],
    ["d,1,1,free,9", "line 5: 5 cells, but the header has 4"],
    ['d,1,1,"free', 'line 5: a quote (") is opened and never closed; is the file truncated?'],
    ['d,1,1,fr"ee', 'line 5: a quote (") inside a cell'],
    ['\n\nd,1,1,fr"ee', 'line 7: a quote (") inside a cell'],
    ['d,1,1,"fr"ee', 'line 5: a quote (") inside a cell'],
    ['d,1,1,"fr\nee"', "a cell contains a line break"],
  ])("row %j", async (row, problem) => {
    const problems = await problemsOf(ROWS + row);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("a row too short in the middle, without calling it the last", async () => {
    expect(await problemsOf(`${HEADER}a,1,1\nb,1,1,free\n`)).toEqual([
      "line 2: 3 cells, but the header has 4",
    ]);
  });

  it.each([
    ["user,age,income_cny\n", ['line 1: no column "plan"; the catalogue declares it']],
    [
      "user,age,income_cny,plan,salary,\n",
      [
        'line 1: column 5 "salary" is not in the catalogue; remove it or declare it',
        "line 1: column 6 has no name; remove it or declare it",
      ],
    ],
    ["user,age,age,income_cny,plan\n", ['line 1: column "age" occurs 2 times; keep one']],
    [HEADER, ["0 rows: nothing after the header line"]],
    ["", ["empty: not even a header line"]],
    ["\ufeff\r\n\r\n", ["empty: not even a header line"]],
  ])("header %j", async (text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });

  it("a file without a header, repeating none of its cells", async () => {
    const problems = await problemsOf("alice,29,4321,free\nbob,30,1,free\n");
    expect(problems).toEqual([
      'line 1: no column "user"; the first line must name "user", "age", "income_cny", "plan"',
    ]);
  });

  it("up to 20 problems at once, and says where it stopped", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `u${i},x,1,free\n`).join("");
    const problems = await problemsOf(HEADER + rows);
    expect(problems).toHaveLength(20);
    expect(problems[0]).toContain("line 2,");
    expect(problems[18]).toContain("line 20,");
    expect(problems[19]).toBe("stopped at line 21: correct these and try again");
  });

  it("what was wrong in rows before the file itself broke", async () => {
    const problems = await problemsOf(`${HEADER}a,x,1,free\nb,1,1,"free`);
    expect(problems.join("\n")).toMatch(/line 2, column "age".*\n.*line 3: a quote/);
  });

  it.each([
    ["UTF-16", Buffer.from(`\ufeff${ROWS}`, "utf16le")],
    ["UTF-16 without a mark", Buffer.from(ROWS, "utf16le")],
    ["Latin-1", Buffer.from(ROWS.replace("bob", "b\u00f6b"), "latin1")],
    ["a character cut in two at the end", Buffer.concat([Buffer.from(ROWS), Buffer.from([0xe4])])],
  ])("%s", async (_, bytes) => {
    expect((await problemsOf(bytes)).join()).toContain("not UTF-8 text");
  });

  it("lines without end, reading no further than the limit", async () => {
    let delivered = 0;
    const endless = new Readable({
      read() {
        delivered += 4096;
        this.push(Buffer.alloc(4096, ","));
      },
    });
    await expect(readDepositCsv(endless, catalogue)).rejects.toThrow("line 1: longer than 65536");
    expect(delivered).toBeLessThan(4 * MAX_LINE_BYTES);
    expect(endless.destroyed).toBe(true);
  });

  it("an opening quote that swallows the lines after it", async () => {
    const row = `x,1,1,free${" ".repeat(1000)}\n`;
    const problems = await problemsOf(`${HEADER}"${row.repeat(100)}`);
    expect(problems.join()).toContain("line 2: a quoted cell longer than 65536 bytes");
  });

  it("a file that cannot be read", async () => {
    await expect(readDepositCsv(join(folder, "none.csv"), catalogue)).rejects.toThrow(
      "cannot be read (ENOENT)",
    );
    await expect(readDepositCsv(folder, catalogue)).rejects.toThrow("cannot be read (EISDIR)");
  });

  it("never with the content of a cell", async () => {
    const secret = "Canary4711";
    const cells = ["a", "1", "1", "free"];
    const rows = cells.flatMap((_, i) =>
      [secret, `${secret}"`, `"${secret}"x`, `"${secret}\n${secret}"`, `\u0000${secret}`].map(
        (cell) => cells.with(i, cell).join(","),
      ),
    );
    rows.push(`a,1,1,free,${secret}`, secret, `${secret},1,1,free\n${secret},1,1,free`);
    for (const row of rows) {
      const error = await read(`${HEADER}${row}\n`).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
    }
  });
});

describe("arbitrary bytes", () => {
  it("give a table or a DocumentError, never anything else", async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 300 }).map((text) => Buffer.from(text)),
      fc
        .array(fc.constantFrom('"', ",", "\n", "\r", "user", "age", "1", "free", HEADER))
        .map((parts) => Buffer.from(parts.join(""))),
    );
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        const outcome = await read(Buffer.concat([Buffer.from(HEADER), bytes])).then(
          (table) => table.bins.length === table.identifiers.length * 3,
          (error: unknown) => error instanceof DocumentError,
        );
        expect(outcome).toBe(true);
      }),
    );
  });
});
