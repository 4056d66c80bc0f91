/** The README's example, types inferred. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { conformance } from "../../conformance.ts";
import { bank, clerk, sum } from "./protocol.ts";

conformance(sum, {
  inputs: [
    { left: 3, right: 4, clerk: undefined },
    { left: 255, right: 127, clerk: undefined },
  ],
  roles: { left: bank, right: bank, clerk },
  ideal: ({ left, right }) => ({ left: left + right, right: left + right, clerk: left + right }),
  parameters: ({ left, right }) => ({ small: [left, right].filter((value) => value < 128).length }),
});

test("the README shows this call", () => {
  const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
  const [call] = read("./protocol.test.ts").match(/^conformance\(sum, \{.*?^\}\);$/ms) ?? [];
  expect(call).toContain("parameters");
  expect(read("../../../README.md")).toContain(call);
});
