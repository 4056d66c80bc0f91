/** The table of milestones, the code that passes them, and the rounds that kill at them agree. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { plans } from "./plan.ts";

const NODE = fileURLToPath(new URL("../../packages/node", import.meta.url));

function passedInCode(): string[] {
  const sources = readdirSync(join(NODE, "src"), { recursive: true }).map(String);
  const texts = sources
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(NODE, "src", name), "utf8"));
  return texts.flatMap((text) =>
    [...text.matchAll(/\bmilestone\("([^"]+)"\)/g)].map(([, point]) => point as string),
  );
}

function listed(): string[] {
  const table = readFileSync(join(NODE, "README.md"), "utf8");
  return [...table.matchAll(/^\| `([a-z.-]+)` \| [a-z, ]+ \| .+ \|$/gm)].map(
    ([, point]) => point as string,
  );
}

it("the table lists exactly the points that the code passes, each once", () => {
  const points = listed();
  expect(points.length).toBeGreaterThan(20);
  expect(new Set(points).size).toBe(points.length);
  expect([...points].sort()).toEqual([...new Set(passedInCode())].sort());
});

it("rounds kill at every point, or it is said here why not", () => {
  const planned = new Set<string>();
  let laps = 0;
  for (const { point } of plans("any")) {
    if (!point.startsWith("(")) planned.add(point); // no node's
    laps += 1;
    if (laps > 200) break;
  }
  // In the background, at times of its own, and behind ceremonies: see packages/node/src/bureau.
  // And in networks that ask for consents, which these rounds do not: see test/misuse.
  const elsewhere = ["deposit.retiring", "deposit.folding", "consents.registered"];
  expect([...planned, ...elsewhere].sort()).toEqual(listed().sort());
});
