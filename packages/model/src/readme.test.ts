import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { parseCatalogue } from "./catalogue.ts";
import { readDepositCsv } from "./deposit-csv.ts";
import { canonicalIdentifier, type IdentifierType } from "./identifiers.ts";
import { readIdentifiersCsv } from "./identifiers-csv.ts";
import { checkScorecard, modelId, parseScorecard } from "./scorecard.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The block of the README that is fenced as ```` ```<language> <name> ````. */
function example(name: string): string {
  const block = new RegExp(`^\`\`\`\\w+ ${name}\\n(.*?)^\`\`\`$`, "ms").exec(readme)?.[1];
  if (block === undefined) throw new Error(`README.md: no example called ${name}`);
  return block;
}

describe("the README's examples", () => {
  const catalogue = parseCatalogue(example("catalogue"), "README.md");

  it("fit together: catalogue, CSV, scorecard", async () => {
    const table = await readDepositCsv(Readable.from([example("deposit")]), catalogue, "README.md");
    expect([...table.bins]).toEqual([4, 1, 0, 3, 1, 0]);
    const model = parseScorecard(example("scorecard"), "README.md");
    checkScorecard(model, [catalogue]);
    expect(readme).toContain(`\`${modelId(model)}\``);
  });

  it("list whom to score", async () => {
    const source = Readable.from([example("identifiers")]);
    const list = await readIdentifiersCsv(source, "phone", { region: "CN" });
    expect(list.asWritten).toEqual(["139 1234 5678", "+44 20 7946 0000"]);
  });

  it("give canonical forms that are canonical", () => {
    const forms = [...readme.matchAll(/`(phone|national-id):([^`]+)`/g)];
    expect(forms).toHaveLength(2);
    for (const [, type, form] of forms) {
      const identifier = canonicalIdentifier(type as IdentifierType, form!);
      expect(identifier.ok && new TextDecoder().decode(identifier.bytes)).toBe(`${type}:${form}`);
    }
  });
});
