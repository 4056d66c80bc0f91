/** Ceremonies with files alone: no node runs here. With running nodes: test/ceremonies. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DocumentError } from "@moiety/model";
import { readRoster, SetupError } from "@moiety/node";
import {
  openEpochRequest,
  openKeyRequest,
  withEpoch,
  withKeys,
  withoutEpoch,
} from "@moiety/policy";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginEpoch, retireEpoch } from "./epoch.ts";
import { makeNetwork } from "./init.ts";
import { makeKeys, renewCertificate } from "./keys.ts";
import { changeDraft, installAt, readUnsigned, signDraft } from "./roster.ts";
import { type Target, targetOf } from "./target.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-ceremonies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...path: string[]): string => join(folder, ...path);
let configs: Readonly<Record<string, string>> = {};
const target = (name: string): Target => targetOf(configs[name] as string);
const key = (name: string, epoch: number): string =>
  at("net", name, "keys", `oprf-telecom-${epoch}.key`);
const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

beforeAll(async () => {
  const options = { network: "test-net", banks: ["bank"], catalogues: [], host: "127.0.0.1" };
  configs = (await makeNetwork(at("net"), { ...options, basePort: 0 })).configs;
  // Each node with a roster of its own, as in a network of several organisations.
  for (const [name, file] of Object.entries(configs)) {
    cpSync(at("net", "roster.json"), at("net", name, "roster.json"));
    writeFileSync(file, readFileSync(file, "utf8").replace("../roster.json", "roster.json"));
  }
});

/** Signs a draft as version `version`, after the one before. */
function sign(version: number, draft: string = at("draft.json")): string {
  const previous = version === 2 ? at("net", "roster.json") : at(`roster-${version - 1}.json`);
  const output = at(`roster-${version}.json`);
  signDraft(draft, { previous, key: at("net", "authority", "signing.key"), output });
  return output;
}

describe("an epoch", () => {
  const request = (name: string): string => at(`${name}.request.json`);

  it("begins with a key of mode 0600 at each bureau, and the same one when begun again", () => {
    for (const name of ["bureau-a", "bureau-b"]) {
      const begun = beginEpoch(target(name).config, "telecom", request(name));
      expect(begun).toMatchObject({ domain: "telecom", epoch: 2, bureau: name, again: false });
      expect(mode(key(name, 2))).toBe("600");
      const again = beginEpoch(target(name).config, "telecom", at("again.json"));
      expect(again.again).toBe(true);
      const keyIn = (file: string): string =>
        (JSON.parse(readFileSync(file, "utf8")) as { epochRequest: { key: string } }).epochRequest
          .key;
      expect(keyIn(at("again.json"))).toBe(keyIn(request(name)));
      expect(readFileSync(request(name), "utf8")).not.toContain(
        readFileSync(key(name, 2), "utf8").trim(),
      );
    }
    expect(() => beginEpoch(target("bank").config, "telecom")).toThrow(SetupError);
    expect(() => beginEpoch(target("bureau-a").config, "nothing")).toThrow("it has telecom,");
  });

  it("enters the roster by both requests, and only a roster that may follow is signed", () => {
    const base = at("net", "roster.json");
    changeDraft(base, at("draft.json"), (draft) => {
      const open = (name: string): ReturnType<typeof openEpochRequest> =>
        openEpochRequest(readFileSync(request(name)), draft, name);
      return withEpoch(draft, [open("bureau-a"), open("bureau-b")]);
    });
    const forged = JSON.parse(readFileSync(at("draft.json"), "utf8")) as {
      draft: { network: string };
    };
    forged.draft.network = "other";
    writeFileSync(at("forged.json"), JSON.stringify(forged));
    expect(() => sign(2, at("forged.json"))).toThrow(DocumentError);
    sign(2);
    expect(readUnsigned(at("roster-2.json"))).toMatchObject({ version: 2 });
  });

  it("is installed where the node could start with it, and nowhere else", async () => {
    const { config } = target("bureau-b");
    cpSync(key("bureau-b", 2), at("kept.key"));
    rmSync(key("bureau-b", 2));
    const before = readFileSync(config.roster);
    await expect(installAt(target("bureau-b"), at("roster-2.json"))).rejects.toThrow(
      "oprf-telecom-2",
    );
    expect(readFileSync(config.roster)).toEqual(before);
    cpSync(at("kept.key"), key("bureau-b", 2));
    for (const name of Object.keys(configs)) {
      expect(await installAt(target(name), at("roster-2.json"))).toMatchObject({
        ...{ node: name, running: false, version: 2, former: 1, restart: [] },
      });
    }
    expect(readRoster(config, Date.now()).version).toBe(2);
  });

  it("does not give way to an older roster, a second one of its version, another network's", async () => {
    const bank = target("bank");
    await expect(installAt(bank, at("net", "roster.json"))).rejects.toThrow("older than version 2");
    changeDraft(at("net", "roster.json"), at("second.json"), (draft) => draft);
    const previous = at("net", "roster.json");
    const authority = at("net", "authority", "signing.key");
    signDraft(at("second.json"), { previous, key: authority, output: at("second-2.json") });
    await expect(installAt(bank, at("second-2.json"))).rejects.toThrow("signed two");
    const other = await makeNetwork(at("other"), {
      ...{ network: "other-net", banks: ["bank"], catalogues: [], host: "127.0.0.1", basePort: 0 },
    });
    await expect(installAt(bank, join(other.folder, "roster.json"))).rejects.toThrow("signature");
    expect(readRoster(bank.config, Date.now()).version).toBe(2);
  });

  it("keeps its key while the roster lists it, and loses it afterwards", async () => {
    const { config } = target("bureau-a");
    expect(() => retireEpoch(config, "telecom", 1)).toThrow("stands in the roster");
    changeDraft(at("roster-2.json"), at("draft.json"), (draft) =>
      withoutEpoch(draft, "telecom", 1),
    );
    await installAt(target("bureau-a"), sign(3));
    expect(existsSync(key("bureau-a", 1))).toBe(true);
    expect(retireEpoch(config, "telecom", 1).destroyed).toBe(true);
    expect(existsSync(key("bureau-a", 1))).toBe(false);
    expect(retireEpoch(config, "telecom", 1).destroyed).toBe(false);
    expect(existsSync(key("bureau-a", 2))).toBe(true);
  });
});

describe("keys", () => {
  it("renewed: the roster has both certificates; the new one waits beside the one in use", async () => {
    const { config } = target("bureau-b");
    const { request } = await renewCertificate(config, at("renew.json"));
    expect(mode(join(config.keys, "tls-next.key"))).toBe("600");
    changeDraft(at("roster-3.json"), at("draft.json"), (draft) =>
      withKeys(draft, openKeyRequest(readFileSync(request), draft, request)),
    );
    await installAt(target("bureau-b"), sign(4));
    const own = readRoster(config, Date.now()).parties.find(({ name }) => name === "bureau-b");
    expect(own?.formerCertificate).toBeDefined();
    expect(own?.certificate).not.toBe(own?.formerCertificate);
  });

  it("lost: made anew, entered by their fingerprint, and never over others", async () => {
    const { config } = target("bureau-b");
    const oprf = readdirSync(config.keys).filter((file) => file.startsWith("oprf-"));
    const saved = oprf.map((file) => [file, readFileSync(join(config.keys, file))] as const);
    rmSync(config.keys, { recursive: true });
    const { request, fingerprint } = await makeKeys(config, at("made.json"));
    for (const [file, content] of saved)
      writeFileSync(join(config.keys, file), content, { mode: 0o600 });
    const enter = (spoken?: string): unknown =>
      changeDraft(at("roster-4.json"), at("draft.json"), (draft) =>
        withKeys(draft, openKeyRequest(readFileSync(request), draft, request), spoken),
      );
    expect(() => enter()).toThrow("fingerprint");
    enter(fingerprint);
    await installAt(target("bureau-b"), sign(5));
    const signing = readFileSync(join(config.keys, "signing.key"), "utf8");
    expect((await makeKeys(config, at("made-2.json"))).fingerprint).toBe(fingerprint);
    expect(readFileSync(join(config.keys, "signing.key"), "utf8")).toBe(signing);
  });
});
