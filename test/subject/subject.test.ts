/** A person at both bureaus' desks, by the command, in a network of real processes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SigningKey } from "@moiety/crypto";
import { callNode } from "@moiety/node";
import { beforeAll, expect, it, vi } from "vitest";
import { Scene } from "../misuse/scene.ts";
import { useWorld } from "../world/network.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const world = useWorld();
let scene: Scene;
let trust: string[];
let desks: string[];
const ID = "customer-0007";
const at = (name: string): string => join(world.folder, name);
const wallet = (): string => at("wallet");

interface Told {
  readonly asked: readonly {
    readonly bureau: string;
    readonly bank: string;
    readonly outcome: string;
    readonly consent: string | null;
    readonly entries: readonly number[];
  }[];
  readonly refused: readonly { readonly bureau: string; readonly code: string }[];
  readonly disputes: readonly { readonly state: string }[];
}

beforeAll(async () => {
  scene = await Scene.open(world);
  const { folder } = scene.network;
  const secret = readFileSync(join(folder, "authority", "signing.key"), "utf8").trim();
  const { bytes } = new SigningKey(Buffer.from(secret, "hex")).verifyingKey;
  const authority = Buffer.from(bytes).toString("hex");
  trust = ["--roster", join(folder, "roster.json"), "--authority", authority];
  desks = ["--run", join(folder, "run"), ...trust];
});

/** Standard output, or what it was refused for. */
async function moiety(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await world.run(["subject", ...args]);
  return (code === 0 ? stdout : stderr).toString();
}

async function vouched(folder: string, identifier: string = ID): Promise<void> {
  const asking = ["--registrar", "telecom", "-o", at("request.json"), ...trust];
  await moiety("create", "--folder", folder);
  await moiety("request-attestation", "--folder", folder, ...asking);
  const request = readFileSync(at("request.json"), "utf8");
  const body = { identifier, type: "opaque", request, validFor: "365d" };
  const { socket } = scene.registrar("telecom");
  const { offer } = await callNode<{ offer: string }>(socket, "/attest", { body });
  world.write("offer.json", offer);
  const taken = await moiety(
    ...["accept", at("offer.json"), "--folder", folder, "-o", at("attestation.json"), ...trust],
  );
  expect(taken).toContain("telecom vouches");
}

const account = (...more: string[]): Promise<string> =>
  moiety("account", "--folder", wallet(), "--json", ...more, ...desks);
const told = async (...more: string[]): Promise<Told> => JSON.parse(await account(...more)) as Told;

it("hands in who they are, reads who asked with proofs, and takes a consent back at once", async () => {
  await vouched(wallet());
  expect(await account()).toContain("subject-unknown");
  expect(await moiety("send", at("attestation.json"), ...desks)).toContain(
    "taken by bureau-a and bureau-b",
  );
  expect(await told()).toEqual({ asked: [], refused: [], disputes: [] });

  const terms = ["--bank", "bank", "--purpose", "credit-application", "--outputs", "score"];
  const often = ["--domains", "shop,telecom", "--times", "2", "--per", "30d"];
  await moiety("consent", "--folder", wallet(), ...terms, ...often, "-o", at("consent.jwt"));
  const token = readFileSync(at("consent.jwt"), "utf8").trim();
  await scene.score({ id: ID, token });
  const listed = JSON.parse(await moiety("list", "--folder", wallet(), "--json")) as {
    jti: string;
  }[];
  const consent = listed[0]!.jti;
  const proofs = at("proofs");
  await expect
    .poll(async () => (await told("--proofs", proofs)).asked, { timeout: 60_000, interval: 500 })
    .toMatchObject(
      ["bureau-a", "bureau-b"].map((bureau) => {
        const entries = [expect.any(Number), expect.any(Number)] as number[];
        return { bureau, bank: "bank", outcome: "delivered", consent, entries };
      }),
    );
  const receipts = readdirSync(proofs);
  expect(receipts).toHaveLength(4);
  for (const receipt of receipts) {
    const { code, stderr } = await world.run(["ledger", "verify", join(proofs, receipt), ...trust]);
    expect(code, stderr.toString()).toBe(0);
  }
  expect(await told("--bureau", "bureau-b")).toMatchObject({ asked: [{ bureau: "bureau-b" }] });

  await moiety("revoke", at("consent.jwt"), "--folder", wallet(), "-o", at("revocation.json"));
  expect(await moiety("send", at("revocation.json"), ...desks)).toContain("taken by");
  expect(await scene.refusal({ id: ID, token })).toContain("consent-revoked");
  await expect
    .poll(async () => (await told()).refused.map(({ code }) => code), { timeout: 20_000 })
    .toContain("consent-revoked");
});

it("disputes what a platform holds: banks are told that, until the platform has answered", async () => {
  const [id, owner, file] = ["customer-0011", at("disputer"), at("dispute.json")];
  await vouched(owner, id);
  await moiety("send", at("attestation.json"), ...desks);
  const about = ["--against", "telecom", "--reason", "inaccurate", "-o", file];
  await moiety("dispute", "--folder", owner, ...about, ...trust);
  expect(await moiety("send", file, ...desks)).toContain("taken by bureau-a and bureau-b");
  const states = async () => {
    const account = await moiety("account", "--folder", owner, "--json", ...desks);
    return (JSON.parse(account) as Told).disputes.map(({ state }) => state);
  };
  expect(await states()).toEqual(["open", "open"]);
  const scored = async (name: string) => {
    const terms = ["--bank", "bank", "--purpose", "credit-application", "--outputs", "score"];
    const out = at(name);
    await moiety(
      ...["consent", "--folder", owner, ...terms, "--domains", "shop,telecom", "-o", out],
    );
    return scene.score({ id, token: readFileSync(out, "utf8").trim() });
  };
  expect(await scored("disputed.jwt")).toMatchObject({ disputed: true });
  const answer = ["dispute", "answer", join(scene.network.folder, "telecom", "node.yaml"), file];
  const said = ["--outcome", "corrected", "-o", at("answer.json")];
  const { code, stdout, stderr } = await world.run([...answer, ...said]);
  expect(code, stderr.toString()).toBe(0);
  expect(stdout.toString()).toContain("taken by bureau-a and bureau-b");
  expect(await states()).toEqual(["corrected", "corrected"]);
  expect(await scored("answered.jwt")).toMatchObject({ disputed: false });
});

it("is told nothing with another's key, nor at an address that is not the bureau's", async () => {
  const other = at("other-wallet");
  await moiety("create", "--folder", other);
  expect(await moiety("account", "--folder", other, ...desks)).toContain("subject-unknown");
  const run = join(scene.network.folder, "run");
  const port = readFileSync(join(run, "bureau-a.public-port"), "utf8").trim();
  const swapped = ["--desk", `bureau-b=http://127.0.0.1:${port}`, "--bureau", "bureau-b", ...trust];
  expect(await moiety("account", "--folder", wallet(), ...swapped)).toContain("400");
  expect(await moiety("account", "--folder", wallet(), ...trust)).toContain("where is bureau-a?");
  expect(await moiety("send", at("consent.jwt"), ...desks)).toContain("is no attestation");
});
