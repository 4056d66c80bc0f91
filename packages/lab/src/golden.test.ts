import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Golden, goldenFindings, goldenOf } from "./golden.ts";
import { subjectOf } from "./specification.ts";
import { echo, echoSpecification } from "./testing/toy-echo/protocol.ts";

describe("golden transcripts", () => {
  const subject = subjectOf(echo, echoSpecification);
  let folder = "";
  let file = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "golden-"));
    file = join(folder, "vectors.json");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test("are written on request, and then hold", async () => {
    expect(await goldenFindings(subject, file, true)).toEqual([]);
    expect(await goldenFindings(subject, file, false)).toEqual([]);
    const golden = JSON.parse(readFileSync(file, "utf8")) as Golden;
    expect(golden.messages.map(({ name, from, to, bytes }) => [name, from, to, bytes])).toEqual([
      ["word", "asker", "echoer", 16],
      ["again", "echoer", "asker", 16],
    ]);
    expect(golden.messages[0]?.hex).toBe("000000000081a4776f7264c403010203");
  });

  test("are missed when they are not there", async () => {
    const [finding] = await goldenFindings(subject, file, false);
    expect(finding).toMatch(/no golden transcript .*UPDATE_VECTORS=1/);
  });

  test("show what has changed", async () => {
    const golden = await goldenOf(subject);
    const [word, again] = golden.messages;
    const kept = {
      ...golden,
      version: 2,
      messages: [word, { ...again, sha256: "00" }, { ...again, name: "third" }],
    };
    writeFileSync(file, JSON.stringify(kept));
    expect(await goldenFindings(subject, file, false)).toEqual([
      "version: 2 became 1",
      "3 messages became 2",
      "message 1, again from echoer to asker, has changed",
      "message 2, third from echoer to asker, has changed",
    ]);
  });

  test("refuse to be made of a run that fails", async () => {
    const roles = {
      ...echoSpecification.roles,
      echoer: () => Promise.reject(new Error("no paper")),
    };
    await expect(goldenOf(subjectOf(echo, { ...echoSpecification, roles }))).rejects.toThrow(
      "no paper",
    );
  });
});
