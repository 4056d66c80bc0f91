import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKept } from "./kept-folder.ts";

let folder = "";
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "moiety-test-")), "kept");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const ORIGIN = { "data set": "aa", mapping: "bb" };

describe("openKept", () => {
  it("opens again what was made from the same", () => {
    openKept(folder, ORIGIN, false).release();
    writeFileSync(join(folder, "results.csv"), "1,2,\n");
    openKept(folder, { mapping: "bb", "data set": "aa" }, false).release();
    expect(existsSync(join(folder, "results.csv"))).toBe(true);
  });

  it.each([
    [{ ...ORIGIN, mapping: "cc" }, "mapping differs"],
    [{ ...ORIGIN, "data set": "cc" }, "data set differs"],
    [{ people: "5000" }, "people, data set, mapping differs"],
  ])("refuses %j, says what differs and what to do", (origin, message) => {
    openKept(folder, ORIGIN, false).release();
    expect(() => openKept(folder, origin, false)).toThrow(message);
    expect(() => openKept(folder, origin, false)).toThrow(/--fresh .* or name another folder/);
  });

  it("refuses what another version kept, and what is damaged", () => {
    openKept(folder, ORIGIN, false).release();
    const note = { kind: "moiety-demo", format: 999, origin: ORIGIN };
    writeFileSync(join(folder, "kept.json"), JSON.stringify(note));
    expect(() => openKept(folder, ORIGIN, false)).toThrow("another version");
    writeFileSync(join(folder, "kept.json"), "{");
    expect(() => openKept(folder, ORIGIN, true)).toThrow("is damaged");
  });

  it("starts over when it is told to, in its own folder only", () => {
    openKept(folder, ORIGIN, false).release();
    writeFileSync(join(folder, "results.csv"), "1,2,\n");
    const other = { ...ORIGIN, mapping: "cc" };
    openKept(folder, other, true).release();
    expect(existsSync(join(folder, "results.csv"))).toBe(false);
    openKept(folder, other, false).release();
    const foreign = join(folder, "..", "thesis");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "chapter.txt"), "years of work");
    for (const fresh of [false, true])
      expect(() => openKept(foreign, ORIGIN, fresh)).toThrow("something else");
    expect(existsSync(join(foreign, "chapter.txt"))).toBe(true);
  });

  it("lets one run in at a time, and forgets a run that is gone", () => {
    const first = openKept(folder, ORIGIN, false);
    writeFileSync(join(folder, "lock"), String(process.ppid)); // somebody else, and alive
    expect(() => openKept(folder, ORIGIN, false)).toThrow("another run");
    writeFileSync(join(folder, "lock"), "999999999");
    openKept(folder, ORIGIN, false).release();
    first.release();
  });

  it("takes a folder in which a run died before it had written anything", () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "lock"), "999999999");
    writeFileSync(join(folder, "kept.json.part"), "{");
    openKept(folder, ORIGIN, false).release();
  });
});
