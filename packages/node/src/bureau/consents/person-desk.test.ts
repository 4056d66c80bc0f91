/** The desk where people ask who asked about them, over HTTP as strangers reach it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SigningKey, sealedKeyPair, seededRng } from "@moiety/crypto";
import type { Clock } from "@moiety/kit";
import {
  ACCOUNT_PAGE,
  DESK_KINDS,
  type DeskAnswer,
  type DeskKind,
  MAX_DESK_REQUEST_BYTES,
  parseDeskAnswer,
  REQUEST_LIFE_MS,
  revocationOf,
  type SubjectAsk,
  sealRequest,
  signRevocation,
  signSubjectRequest,
  subjectKeyOf,
} from "@moiety/policy";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NO_SCHEMAS } from "../../no-schemas.ts";
import { openStore, type Store } from "../../store.ts";
import { PersonDesk } from "./person-desk.ts";
import { MOST_FROM_ONE, servePeople } from "./person-desk-routes.ts";
import { ConsentWorld, NOW, type Subject } from "./testing/consent-world.ts";

const rng = seededRng("person's desk");
const box = sealedKeyPair(rng);
const signing = new SigningKey(rng.bytes(32));
const HERE = { network: "valley", bureau: "north" };
const ACCOUNT = { kind: "account" } as const;
const OFTEN = { use: { times: 100, per: "30d" } } as const;

let folder: string;
let store: Store;
let world: ConsentWorld;
let server: FastifyInstance;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-desk-"));
  world = await ConsentWorld.open();
  await open();
});
afterEach(async () => {
  await server.close();
  await store.close();
  await world.close();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<void> {
  store = await openStore(folder, "valley/north");
  const { subjects, journal, disputes } = world.desk;
  const take = (kind: string, document: Uint8Array) => world.desk.take(kind, document);
  const receipt = (seq: number): Uint8Array => Uint8Array.of(seq);
  const signerOf = (name: Uint8Array): string | undefined => world.desk.signerOf(name);
  const kept = { store, subjects, signerOf, journal, disputes, take, receipt };
  const parts = { ...HERE, ...kept, box, signing, rng };
  const desk = new PersonDesk({ ...parts, now: () => world.nowMs });
  server = fastify({ ...NO_SCHEMAS, bodyLimit: 1024 });
  servePeople(server, desk, { now: () => world.nowMs } as Clock);
}

const post = (kind: string, payload: Uint8Array, type = "application/octet-stream") =>
  server.inject({
    method: "POST",
    url: `/subject/${kind}`,
    payload: Buffer.from(payload),
    headers: { "content-type": type },
  });

async function send(kind: DeskKind, document: Uint8Array): Promise<DeskAnswer> {
  const sealed = sealRequest({ ...HERE, kind }, document, box.publicKey, rng);
  const { statusCode, rawPayload } = await post(kind, sealed.bytes);
  expect(statusCode).toBe(200);
  return parseDeskAnswer(sealed.openAnswer(rawPayload, signing.verifyingKey), "north");
}

const signed = ({ key }: Subject, now = world.nowMs, ask: SubjectAsk = ACCOUNT): Uint8Array =>
  signSubjectRequest({ ...HERE, ask }, key, rng, now);

it("tells a person who asked, and nobody else, whatever their key", async () => {
  const [alice, bob] = [await world.known("alice"), await world.known("bob")];
  const token = await world.consent(alice);
  await world.register(token, "alice");
  await world.use([token], ["alice"]);
  const { account } = await send("account", signed(alice));
  expect(account?.asked).toMatchObject([{ bank: "bank", purpose: "lending", outcome: "begun" }]);
  expect(account?.asked[0]?.at).toBe(new Date(NOW).toISOString());
  expect((await send("account", signed(bob))).account).toEqual({
    asked: [],
    refused: [],
    disputes: [],
  });
  // A key that nobody vouches for, and one that is taken back.
  expect(await send("account", signed(world.subject("alice")))).toEqual({
    problem: expect.stringContaining("subject-unknown") as string,
  });
  const about = { network: "valley", subject: subjectKeyOf(alice.key.verifyingKey) };
  const revocation = signRevocation(revocationOf(about, NOW), alice.key);
  expect(await send("revocation", revocation)).toEqual({ problem: "" });
  expect((await send("account", signed(alice))).account).toBeUndefined();
  // Her next key is told what was asked before.
  const next = world.subject("alice");
  expect(await send("attestation", world.attested(next))).toEqual({ problem: "" });
  expect((await send("account", signed(next))).account?.asked).toHaveLength(1);
});

it("says in one line what is wrong with a document, however much it is", async () => {
  const nothing = Buffer.from("{}");
  const request = Buffer.from('{"\\u001b[2J": 0, "signature": 1}');
  for (const kind of DESK_KINDS)
    for (const document of [nothing, request]) {
      const { problem } = await send(kind, document);
      expect(problem).toMatch(/expected object.*; signature: /);
    }
});

it("tells nothing of before to a key that another registrar brings when the person's own has ended", async () => {
  const alice = await world.known("alice");
  const token = await world.consent(alice);
  await world.register(token, "alice");
  await world.use([token], ["alice"]);
  await expect(world.use([token], ["alice"])).rejects.toThrow("consent-used-up");
  world.nowMs += 2 * 86_400_000; // her attestation lapses
  const impostor = world.subject("alice");
  const brought = world.attested(impostor, { registrar: "bank" });
  expect(await send("attestation", brought)).toEqual({ problem: "" });
  expect((await send("account", signed(impostor))).account).toEqual({
    asked: [],
    refused: [],
    disputes: [],
  });
});

it("a key that nobody vouches for costs nothing durable, however often it asks", async () => {
  const stranger = world.subject("alice");
  const request = signed(stranger);
  for (let time = 0; time < 2; time += 1)
    expect((await send("account", request)).problem).toContain("subject-unknown");
});

it("tells of refusals as well, and counts those that are alike", async () => {
  const alice = await world.known("alice");
  const token = await world.consent(alice);
  await world.register(token, "alice");
  await world.use([token], ["alice"]);
  for (let time = 0; time < 3; time += 1)
    await expect(world.use([token], ["alice"])).rejects.toThrow("consent-used-up");
  await expect
    .poll(async () => (await send("account", signed(alice))).account?.refused)
    .toMatchObject([{ bank: "bank", code: "consent-used-up", times: 3 }]);
});

it("takes a dispute, and tells the person how it stands; nobody else, and no impostor", async () => {
  const [alice, bob] = [await world.known("alice"), await world.known("bob")];
  const dispute = world.dispute(alice);
  expect(await send("dispute", dispute)).toEqual({ problem: "" });
  const states = async (subject: Subject) =>
    (await send("account", signed(subject))).account?.disputes.map(({ state }) => state);
  expect(await states(alice)).toEqual(["open"]);
  expect(await states(bob)).toEqual([]);
  const withdrawn = world.resolution(dispute, "withdrawn", alice.key);
  expect(await send("resolution", withdrawn)).toEqual({ problem: "" });
  expect(await states(alice)).toEqual(["withdrawn"]);
  world.nowMs += 2 * 86_400_000; // her attestation lapses
  const impostor = world.subject("alice");
  expect(await send("attestation", world.attested(impostor, { registrar: "bank" }))).toEqual({
    problem: "",
  });
  expect(await states(impostor)).toEqual([]);
});

it("turns pages, the latest first", async () => {
  world.policy = {
    ...world.policy,
    bitsPerYear: 1000,
    purposes: world.policy.purposes.map((each) => {
      return { ...each, inquiries: { times: 100, per: "30d" } };
    }),
  };
  const alice = await world.known("alice");
  const token = await world.consent(alice, OFTEN);
  await world.register(token, "alice");
  for (let i = 0; i < ACCOUNT_PAGE + 2; i += 1) {
    await world.use([token], ["alice"]);
    world.nowMs += 1000;
  }
  const first = (await send("account", signed(alice))).account!;
  expect(first.asked).toHaveLength(ACCOUNT_PAGE);
  expect(first.asked[0]!.at > first.asked[1]!.at).toBe(true);
  const before = first.next!;
  const second = await send("account", signed(alice, world.nowMs, { kind: "account", before }));
  expect(second.account?.asked).toHaveLength(2);
  expect(second.account?.next).toBeUndefined();
  expect(second.account!.asked[0]!.at < first.asked.at(-1)!.at).toBe(true);
});

it("takes a request once, also after a restart, and only near its time", async () => {
  const alice = await world.known("alice");
  const request = signed(alice);
  expect((await send("account", request)).problem).toBe("");
  expect((await send("account", request)).problem).toContain("answered before");
  await server.close();
  await store.close();
  await open();
  const again = await send("account", request);
  expect(again).toEqual({ problem: expect.stringContaining("answered before") as string });
  const both = await Promise.all([send("account", signed(alice)), send("account", signed(alice))]);
  expect(both.map(({ problem }) => problem)).toEqual(["", ""]);
  for (const apart of [-REQUEST_LIFE_MS - 1000, REQUEST_LIFE_MS + 1000])
    expect((await send("account", signed(alice, world.nowMs + apart))).problem).toContain("clock");
  // What it remembered is forgotten once its time alone refuses it.
  world.nowMs += 3 * REQUEST_LIFE_MS;
  expect((await send("account", request)).problem).toContain("clock");
});

it("one copy of two that come at once is answered", async () => {
  const request = signed(await world.known("alice"));
  const answers = await Promise.all([send("account", request), send("account", request)]);
  expect(answers.filter(({ problem }) => problem === "")).toHaveLength(1);
});

it("says the same of everything that it cannot open", async () => {
  const alice = await world.known("alice");
  const good = sealRequest({ ...HERE, kind: "account" }, signed(alice), box.publicKey, rng);
  const elsewhere = sealRequest(
    { ...HERE, kind: "account" },
    signed(alice),
    sealedKeyPair(rng).publicKey,
    rng,
  );
  const answers = [
    await post("account", new Uint8Array()),
    await post("account", Buffer.alloc(100, 7)),
    await post("account", Buffer.alloc(MAX_DESK_REQUEST_BYTES + 1)),
    await post("account", elsewhere.bytes),
    await post("revocation", good.bytes),
    await post("account", Buffer.from("{}"), "application/json"),
    await post("account", good.bytes, "text/html"),
  ];
  expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`))).toEqual(
    new Set(['400 {"error":"not a request that this desk can open"}']),
  );
  expect((await post("account", good.bytes)).statusCode).toBe(200);
});

it("takes so many requests a minute from one address", async () => {
  for (let i = 0; i < MOST_FROM_ONE; i += 1) await post("account", Uint8Array.of(1));
  expect((await post("account", Uint8Array.of(1))).statusCode).toBe(429);
  world.nowMs += 60_000;
  expect((await post("account", Uint8Array.of(1))).statusCode).toBe(400);
});
