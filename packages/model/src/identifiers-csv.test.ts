import { Readable } from "node:stream";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { DocumentError } from "./document-error.ts";
import { readIdentifiersCsv } from "./identifiers-csv.ts";

const read = (text: string) =>
  readIdentifiersCsv(Readable.from([Buffer.from(text)]), "phone", { region: "CN" }, "ids.csv");

describe("readIdentifiersCsv", () => {
  it("finds the column, keeps the order, and how the file writes them", async () => {
    const list = await read("\ufeffcase,Phone\r\n1,139 1234 5678\r\n2,+44 20 7946 0000");
    expect(list.identifiers.map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      "phone:+8613912345678",
      "phone:+442079460000",
    ]);
    expect(list.asWritten).toEqual(["139 1234 5678", "+44 20 7946 0000"]);
    expect(inspect(list) + JSON.stringify(list) + String(list)).not.toMatch(/1234|7946/);
  });

  it.each([
    ["13912345678\n", "line 1: no column is called id, identifier, phone, national-id, opaque"],
    ["id,phone\n1,2\n", "line 1: more than one column is called"],
    ["id\n", "0 rows after the header"],
    ["", "empty: not even a header line"],
    ["id\n139 1234 5678\nabc\n", "line 3: not a phone number"],
    [
      "id\n139 1234 5678\n+8613912345678\n",
      "line 3: the same phone as on line 2; list a person once",
    ],
    ["id,x\n139 1234 5678\n", "line 2: 1 cells, but the header has 2"],
  ])("refuses %j", async (text, problem) => {
    const error: unknown = await read(text).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DocumentError);
    expect(String(error)).toContain(`csv ids.csv: ${problem}`);
    expect(String(error)).not.toMatch(/1234|5678/);
  });
});
