/** A person's wallet, by real processes of the command, in a made network's files. */
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { hashToGroup, SigningKey } from "@moiety/crypto";
import {
  offerAttestation,
  openAttestation,
  openAttestationRequest,
  openRevocation,
  parseConsent,
  type Roster,
  revokes,
} from "@moiety/policy";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeNetwork } from "./init.ts";
import { trustedRoster } from "./subject.ts";

const BIN = fileURLToPath(new URL("../bin/moiety.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moiety-subject-"));
const at = (...path: string[]): string => join(folder, ...path);
const wallet = at("wallet");
const keyOf = (name: string): SigningKey =>
  new SigningKey(
    Buffer.from(readFileSync(at("net", name, "keys", "signing.key"), "utf8").trim(), "hex"),
  );
const pseudonym = (name: string): string =>
  Buffer.from(hashToGroup(Buffer.from(name), "moiety/test/people")).toString("hex");
let roster: Roster;
let trust: string[];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Standard output, or what it was refused for. */
async function moiety(...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(process.execPath, [BIN, "subject", ...args])).stdout.trim();
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    expect(code).toBe(1);
    return stderr.trim();
  }
}

beforeAll(async () => {
  const options = { network: "test-net", banks: ["bank"], catalogues: [], host: "127.0.0.1" };
  await makeNetwork(at("net"), { ...options, basePort: 0 });
  const secret = readFileSync(at("net", "authority", "signing.key"), "utf8").trim();
  const { bytes } = new SigningKey(Buffer.from(secret, "hex")).verifyingKey;
  const authority = Buffer.from(bytes).toString("hex");
  trust = ["--roster", at("net", "roster.json"), "--authority", authority];
  roster = trustedRoster({ roster: at("net", "roster.json"), authority }, Date.now());
});

/** What a registrar's node does: it finds N_c of who asks, and answers. */
function offer(registrar: string, request: string, person = "alice"): string {
  const asked = { network: roster.network, registrar };
  const opened = openAttestationRequest(readFileSync(request), asked);
  const about = { pseudonym: pseudonym(person), epoch: 1 };
  const times = { now: Date.now(), validFor: "366d" };
  const file = at(`${registrar}.offer.json`);
  writeFileSync(file, offerAttestation(opened, about, keyOf(registrar), times));
  return file;
}

const ask = (registrar: string, out: string): Promise<string> =>
  moiety("request-attestation", "--folder", wallet, "--registrar", registrar, "-o", out, ...trust);
const accept = (file: string): Promise<string> =>
  moiety("accept", file, "--folder", wallet, "-o", at("attestation.json"), ...trust);
const terms = ["--purpose", "credit-origination", "--outputs", "score", "--domains", "telecom"];
const consent = (out: string, ...more: string[]): Promise<string> =>
  moiety("consent", "--folder", wallet, "--bank", "bank", ...terms, "-o", out, ...more);

it("is made with a key that only its owner can read, once", async () => {
  const { thumbprint } = JSON.parse(await moiety("create", "--folder", wallet, "--json")) as {
    thumbprint: string;
  };
  expect(thumbprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(statSync(wallet).mode & 0o777).toBe(0o700);
  expect(statSync(join(wallet, "subject.key")).mode & 0o777).toBe(0o600);
  expect(await moiety("create", "--folder", wallet)).toContain("holds a key already");
  expect(await consent(at("early.jwt"))).toContain("nobody vouches for this key yet");
});

it("asks registrars, and takes an offer that is its own, of one person", async () => {
  expect(await ask("bureau-a", at("request.json"))).toContain("no platform or bank");
  expect(await ask("bank", at("request.json"))).toContain("give");
  expect(await accept(offer("bank", at("request.json")))).toContain("bank vouches for this key");
  expect(await consent(at("own.jwt"))).toContain("only bank itself vouches");
  const platform = roster.parties.find(({ role }) => role === "platform")!.name;
  await ask(platform, at("request.json"));
  expect(() => offer("bank", at("request.json"))).toThrow(`it is to ${platform}`);
  expect(await accept(offer(platform, at("request.json"), "bob"))).toContain("somebody else");
  const right = offer(platform, at("request.json"));
  expect(await accept(right)).toContain(`${platform} vouches`);
  const held = openAttestation(readFileSync(at("attestation.json")), roster, Date.now());
  expect(held.person).toEqual({ pseudonym: pseudonym("alice"), epoch: 1 });
  const forged = readFileSync(right, "utf8").replace(pseudonym("alice"), pseudonym("bob"));
  writeFileSync(at("forged.json"), forged);
  expect(await accept(at("forged.json"))).toContain("wrong signature");
});

it("consents, lists what it gave, and takes it back", async () => {
  const twice = ["--times", "2", "--per", "30d", "--for", "60d", "--data-life", "30d"];
  expect(await consent(at("one.jwt"), ...trust)).toContain("bank may ask until");
  expect(await consent(at("two.jwt"), ...twice)).toContain("bank may ask until");
  const [one, two] = ["one.jwt", "two.jwt"].map((name) =>
    parseConsent(readFileSync(at(name), "utf8").trim()),
  );
  expect(one).toMatchObject({ use: "once", dataLife: "90d", scope: { domains: ["telecom"] } });
  expect(two).toMatchObject({ use: { times: 2, per: "30d" }, dataLife: "30d" });
  expect(statSync(at("one.jwt")).mode & 0o777).toBe(0o600);
  const statuses = async (): Promise<Record<string, string>> => {
    const listed = JSON.parse(await moiety("list", "--folder", wallet, "--json")) as {
      jti: string;
      status: string;
    }[];
    return Object.fromEntries(listed.map(({ jti, status }) => [jti, status]));
  };
  const out = at("revocation.json");
  await moiety("revoke", at("one.jwt"), "--folder", wallet, "-o", out);
  const revocation = openRevocation(readFileSync(out), roster);
  expect([one!, two!].map((each) => revokes(revocation, each))).toEqual([true, false]);
  expect(await statuses()).toEqual({ [one!.jti]: "revoked", [two!.jti]: "valid" });
  await moiety("revoke", "--all", "--folder", wallet, "-o", out);
  expect(revokes(openRevocation(readFileSync(out), roster), two!)).toBe(true);
  expect(await statuses()).toEqual({ [one!.jti]: "revoked", [two!.jti]: "revoked" });
  expect(await moiety("list", "--folder", wallet)).toContain("revoked       bank, for credit-or");
});

it("says what is wrong with what it is asked", async () => {
  expect(await consent(at("one.jwt"))).toContain("exists already");
  expect(await consent(at("x.jwt"), "--categories", "contract")).toContain("either --domains");
  expect(await consent(at("x.jwt"), "--times", "2")).toContain("both --times and --per");
  expect(await consent(at("x.jwt"), "--for", "a month")).toContain("whole days");
  expect(await consent(at("x.jwt"), "--policy", "p.json")).toContain("needs --roster");
  expect(await consent(at("x.jwt"), ...trust, "--domains", "moon")).toContain("no domain moon");
  expect(await moiety("revoke", "--folder", wallet, "-o", at("r"))).toContain("give --all");
  expect(await moiety("list", "--folder", at("nowhere"))).toContain("does not exist");
  chmodSync(wallet, 0o755);
  expect(await moiety("list", "--folder", wallet)).toContain("chmod 700");
  chmodSync(wallet, 0o700);
  chmodSync(join(wallet, "subject.key"), 0o644);
  expect(await consent(at("x.jwt"))).toContain("chmod 600");
});

it("can be sealed by a passphrase", async () => {
  const [sealed, file, wrong] = [at("sealed"), at("passphrase"), at("wrong")];
  writeFileSync(file, "correct horse battery\n", { mode: 0o600 });
  writeFileSync(wrong, "incorrect horse battery\n", { mode: 0o600 });
  await moiety("create", "--folder", sealed, "--passphrase-file", file);
  expect(readFileSync(join(sealed, "subject.key.age"), "utf8")).not.toMatch(/^[0-9a-f]{64}$/m);
  const asking = ["--registrar", "bank", "-o", at("sealed.json"), ...trust];
  const request = (phrase: string): Promise<string> =>
    moiety("request-attestation", "--folder", sealed, "--passphrase-file", phrase, ...asking);
  expect(await request(wrong)).toContain("does not open");
  expect(await request(file)).toContain("give");
});
