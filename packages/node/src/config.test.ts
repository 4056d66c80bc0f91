import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const bank = `name: bank\nrole: bank\nroster: ../roster.json\nauthority: ${"ab".repeat(32)}\n`;

function reading(text: string): () => unknown {
  const file = join(folder, "node.yaml");
  writeFileSync(file, text);
  return () => readConfig(file);
}

describe("a configuration", () => {
  test("has defaults, and paths relative to its own file", () => {
    const config = reading(bank)();
    expect(config).toMatchObject({
      name: "bank",
      roster: join(folder, "..", "roster.json"),
      keys: join(folder, "keys"),
      data: join(folder, "data"),
      log: { level: "info" },
    });
  });

  test.each([
    ["an unknown key", `${bank}lisen: x\n`, "lisen"],
    ["an unknown role", bank.replace("role: bank", "role: broker"), "role:"],
    ["an authority that is no key", bank.replace(/ab/g, "a"), "authority: 64 hex digits"],
    ["a port out of range", `${bank}listen: { host: h, port: 70000 }\n`, "listen.port"],
    ["a bureau that listens nowhere", bank.replace("role: bank", "role: bureau-a"), "listen"],
    ["a platform without a catalogue", bank.replace("role: bank", "role: platform"), "catalogue"],
    ["no YAML", "a: [", "node.yaml"],
  ])("with %s is refused by name", (_what, text, named) => {
    expect(reading(text)).toThrow(named);
  });

  test("that is not there says what to do", () => {
    expect(() => readConfig(join(folder, "none.yaml"))).toThrow(/ENOENT.*moiety init/);
  });
});
