import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const BIN = fileURLToPath(new URL("../bin/", import.meta.url));
const TSX = dirname(createRequire(import.meta.url).resolve("tsx/package.json"));

let root: string;
const at = (...path: string[]): string => join(root, ...path);
const cache = (): string => at("node_modules", ".cache", "moiety");

/** A checkout of two modules. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "moiety-bundle-"));
  cpSync(BIN, at("packages", "cli", "bin"), { recursive: true });
  mkdirSync(at("node_modules"));
  symlinkSync(TSX, at("node_modules", "tsx"));
  writeFileSync(at("package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    at("main.ts"),
    'import { word } from "./word.ts";\nconsole.log(word, import.meta.url.split("/").at(-1));\n',
  );
  say("one");
  writeFileSync(
    at("run.mjs"),
    'import { runModule } from "./packages/cli/bin/run-source.mjs";\n' +
      'await runModule(new URL("./main.ts", import.meta.url));\n',
  );
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function say(word: string): void {
  writeFileSync(at("word.ts"), `export const word: string = ${JSON.stringify(word)};\n`);
}

function run(env: NodeJS.ProcessEnv = {}): string {
  const options = { env: { ...process.env, ...env }, encoding: "utf8" } as const;
  return execFileSync(process.execPath, [at("run.mjs")], options).trim();
}

function bundles(): string[] {
  return readdirSync(cache(), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

describe("a checkout", () => {
  test("is joined once, and anew when a source changes", () => {
    expect(run()).toBe("one main.ts");
    const first = bundles();
    expect(first).toHaveLength(1);
    expect(run()).toBe("one main.ts");
    expect(bundles()).toEqual(first);
    say("two");
    expect(run()).toBe("two main.ts");
    expect(bundles()).toHaveLength(2);
  });

  test("goes by contents, not by times", () => {
    run();
    const then = new Date(0);
    say("six"); // as long as before
    utimesSync(at("word.ts"), then, then);
    expect(run()).toBe("six main.ts");
  });

  test("runs what the bundle has", () => {
    run();
    const [bundle] = bundles();
    writeFileSync(join(cache(), bundle as string, "main.mjs"), 'console.log("from the bundle");');
    expect(run()).toBe("from the bundle");
    expect(run({ MOIETY_SOURCES: "1" })).toBe("one main.ts");
  });

  test("does not take over the bundle of the place it was copied from", () => {
    run();
    const copy = `${root}-copy`;
    cpSync(root, copy, { recursive: true });
    rmSync(root, { recursive: true });
    root = copy;
    expect(run()).toBe("one main.ts");
    expect(bundles()).toHaveLength(2);
  });

  test("runs where nothing can be kept", () => {
    writeFileSync(at("node_modules", ".cache"), "no folder");
    expect(run()).toBe("one main.ts");
  });

  test("does not wait for a process that died while it joined", () => {
    mkdirSync(join(cache(), "main.lock"), { recursive: true });
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(join(cache(), "main.lock"), longAgo, longAgo);
    expect(run()).toBe("one main.ts");
    expect(bundles()).toHaveLength(1);
  });

  test("says what is wrong with a source, not with a bundle", () => {
    writeFileSync(at("word.ts"), "export const word: string = ;\n");
    expect(() => run()).toThrow(/word\.ts/);
  });
});
