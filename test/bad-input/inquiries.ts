/** Requests for scores that cost nothing, because they are refused before anybody is asked. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectFailure, phone, type Scene } from "./scene.ts";

/** Files that a case refers to by name, and what is in them. */
const FILES: Readonly<Record<string, string>> = {
  "two-lines": `${phone(1)}\n${phone(2)}\n`,
  twice: `id\n${phone(1)}\n${phone(2)}\n${phone(1)}\n`,
  good: `id\n${phone(1)}\n${phone(2)}\n`,
};

const BAD: Readonly<Record<string, readonly [args: string[], ...words: string[]]>> = {
  "two identifiers in one file": [
    ["--id-file", "two-lines"],
    "two-lines: expected one identifier on one line, found 2",
  ],
  "a person twice in a batch": [
    ["--batch", "twice", "-o", "out.csv"],
    "line 4: the same phone as on line 2; list a person once",
  ],
  "a place for the scores that is not there": [
    ["--batch", "good", "-o", "nowhere/out.csv"],
    "nowhere/out.csv cannot be written (ENOENT)",
  ],
  "a folder where the scores should go": [
    ["--batch", "good", "-o", "folder"],
    "folder is a folder; name a file for the scores",
  ],
};

/** The same way to the node, without a process for each. */
const ALSO_BAD: Readonly<Record<string, readonly [body: object, words: string]>> = {
  "an identifier that is none": [
    { identifiers: ["0501000001"] },
    "identifier 1 (phone): has no calling code: write it as +",
  ],
  "a model that is not deployed": [
    { identifiers: [phone(1)], model: "other-card" },
    "the model other-card is not deployed",
  ],
  "a purpose that is not certified": [
    { identifiers: [phone(1)], purpose: "marketing" },
    "plain-card is certified for credit-application, not marketing",
  ],
  "a request of another shape": [{ identifiers: phone(1) }, "not a request for scores"],
};

export function inquiryCases(scene: () => Scene): void {
  it.each(Object.entries(BAD))("refuses %s", async (name, [args, ...words]) => {
    const { world, network } = scene();
    const folder = join(world.folder, `asked ${name}`);
    mkdirSync(join(folder, "folder"), { recursive: true });
    for (const [file, content] of Object.entries(FILES))
      world.write(`asked ${name}/${file}`, content);
    const before = readdirSync(folder);
    const asked = await scene().inquiries();
    const ended = await world.run(["score", network.config("bank"), ...args], { cwd: folder });
    expectFailure(ended, ...words);
    for (const person of [1, 2])
      expect(ended.stderr.toString()).not.toContain(phone(person).slice(1));
    expect(readdirSync(folder)).toEqual(before);
    expect(await scene().inquiries()).toEqual(asked);
  });

  it.each(Object.entries(ALSO_BAD))("refuses %s", async (_, [body, words]) => {
    const asked = await scene().inquiries();
    const said = await scene().refusal("bank", "/score", { type: "phone", ...body });
    expect(said).toContain(words);
    expect(said).not.toMatch(/501000001/);
    expect(await scene().inquiries()).toEqual(asked);
  });

  it("knows no command of that name, and says where to look", async () => {
    const ended = await scene().run(["frobnicate"]);
    expectFailure(ended, "unknown command 'frobnicate'", "--help");
  });
}
