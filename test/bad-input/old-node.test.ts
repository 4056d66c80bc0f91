/** An old Node gets a sentence, not a stack: what runs first must run on any of them. */
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { syntaxOf } from "../architecture/syntax.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");
const GUARD = "packages/cli/bin/require-node.mjs";

/** Runs the guard as if on this version of Node. */
function guard(version: string): { said: string[]; code: number | undefined } {
  const said: string[] = [];
  let code: number | undefined;
  const process = {
    version: `v${version}`,
    versions: { node: version },
    exit(with_: number) {
      code = with_;
    },
  };
  runInNewContext(read(GUARD), { process, console: { error: (text: string) => said.push(text) } });
  return { said, code };
}

it.each(["20.10.0", "20.20.2", "21.0.0", "22.1.0", "100.0.0"])("lets Node %s pass", (version) => {
  expect(guard(version)).toEqual({ said: [], code: undefined });
});

it.each(["8.17.0", "18.20.4", "19.9.0", "20.0.0", "20.9.1"])("turns Node %s away", (version) => {
  const { said, code } = guard(version);
  expect(code).toBe(1);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/moiety needs Node\.js 20\.10 or newer; this is v\d/);
  expect(said[0]).toContain(version);
  expect(said[0]).toContain("https://nodejs.org/");
});

it("asks for the version that the packages declare", () => {
  for (const path of ["package.json", "packages/cli/package.json"]) {
    const { engines } = JSON.parse(read(path)) as { engines: { node: string } };
    expect(engines.node).toBe(">=20.10");
  }
});

it("is written so that any Node can read it", () => {
  expect(read(GUARD).replace(/^\s*\/\/.*$/gm, "")).not.toMatch(
    /\b(const|let|import)\b|=>|`|\?\.|\?\?/,
  );
});

// All static imports are linked before the first of them runs: a name that an old Node does not
// export would come before the sentence.
it.each(["packages/cli/bin/moiety.mjs", "demo/bin/demo.mjs"])(
  "comes before all else in %s",
  (path) => {
    const statically = [...read(path).matchAll(/^import\b(?!\().*?"([^"]+)";/gms)].map(
      ([, from]) => from,
    );
    expect(statically).toHaveLength(1);
    expect(statically[0]).toMatch(/\/require-node\.mjs$/);
    expect(syntaxOf(path, read(path)).imports.length).toBeGreaterThan(1);
  },
);
