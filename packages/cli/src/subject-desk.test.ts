/** What a wallet makes of a desk that lies, in a made network's files and over loopback. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { merkleRoot, osRng, SealedKeyPair, SigningKey, seededRng } from "@moiety/crypto";
import {
  COSIGNATURE,
  type Draft,
  ED25519,
  encodeEntry,
  entryHash,
  formatNote,
  formatReceipt,
  logOrigin,
  noteSigner,
  parseNote,
  signCheckpoint,
  signText,
  witnessName,
} from "@moiety/ledger";
import { type AccountEntry, bureauOf, openRequest, type Roster } from "@moiety/policy";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeNetwork } from "./init.ts";
import { trustedRoster } from "./subject.ts";
import { type Desk, readAccount, type Told } from "./subject-desk.ts";
import { createWallet } from "./subject-wallet.ts";

const folder = mkdtempSync(join(tmpdir(), "moiety-lying-desk-"));
const at = (...path: string[]): string => join(folder, ...path);
const rng = seededRng("lying desk");
const secretOf = (...path: string[]): Uint8Array =>
  new Uint8Array(Buffer.from(readFileSync(at("net", ...path), "utf8").trim(), "hex"));
const keyOf = (party: string): SigningKey => new SigningKey(secretOf(party, "keys", "signing.key"));
const NETWORK = "test-net";
let roster: Roster;
let bureau: string;
let server: Server | undefined;

beforeAll(async () => {
  const options = { network: NETWORK, banks: ["bank"], catalogues: [], host: "127.0.0.1" };
  await makeNetwork(at("net"), { ...options, basePort: 0 });
  const { bytes } = new SigningKey(secretOf("authority", "signing.key")).verifyingKey;
  const authority = Buffer.from(bytes).toString("hex");
  roster = trustedRoster({ roster: at("net", "roster.json"), authority }, Date.now());
  bureau = bureauOf(roster, "a").name;
  await createWallet(at("wallet"));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(at("proofs"), { recursive: true, force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A desk with the bureau's own keys that answers whatever it likes. */
async function deskThat(answer: (turn: number) => object): Promise<Desk> {
  const box = new SealedKeyPair(secretOf(bureau, "keys", "box.key"));
  let turn = 0;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const address = { network: NETWORK, bureau, kind: "account" } as const;
      const opened = openRequest(address, new Uint8Array(Buffer.concat(chunks)), box);
      const body = Buffer.from(
        JSON.stringify({ problem: "", account: { disputes: [], ...answer(turn) } }),
      );
      turn += 1;
      response.end(opened.sealAnswer(new Uint8Array(body), keyOf(bureau), osRng));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { network: NETWORK, bureau: bureauOf(roster, "a"), url };
}

const told = (desk: Desk): Promise<Told> => {
  const holder = { folder: at("wallet"), ask: () => Promise.reject(new Error("no passphrase")) };
  return readAccount(holder, roster, [desk], { proofs: at("proofs"), now: Date.now() });
};

/** The one log that holds these entries, witnessed by everyone; the receipts of all, in base64. */
function receiptsOf(...drafts: Draft[]): string[] {
  const entries = drafts.map((draft, seq) => encodeEntry({ ...draft, seq, at: 1000 + seq }));
  const leaves = entries.map(entryHash);
  const head = { origin: logOrigin(NETWORK, bureau), size: entries.length, extensions: [] };
  const signer = noteSigner(head.origin, keyOf(bureau), ED25519);
  const note = signCheckpoint({ ...head, root: merkleRoot(leaves) }, signer);
  const { text, signatures } = parseNote(note);
  const others = [bureauOf(roster, "b").name, "supervisor"];
  const cosigned = others.map((name) => {
    const witness = noteSigner(witnessName(NETWORK, name), keyOf(name), COSIGNATURE);
    return signText(text, witness, 2000);
  });
  const full = formatNote({ text, signatures: [...signatures, ...cosigned] });
  return entries.map((entry, index) => {
    // Of two leaves each is the other's proof; of one there is none.
    const proof = leaves.filter((_, i) => i !== index);
    return Buffer.from(formatReceipt({ entry, index, proof, note: full })).toString("base64");
  });
}

const inquiry = rng.bytes(16);
const intent = (more: object = {}): Draft => ({
  kind: "intent",
  body: {
    ...{ inquiry, bank: "bank", model: rng.bytes(32), purpose: "credit-application", people: 1 },
    ...{ header: rng.bytes(32), bankSignature: rng.bytes(64), signature: rng.bytes(64) },
    consent: rng.bytes(32),
    ...more,
  },
});
const result = (outcome: "delivered" | "aborted", of = 0): Draft => ({
  kind: "result",
  body: { inquiry, intent: of, outcome, code: outcome, computed: [] },
});
const entry = (receipts: string[], more: Partial<AccountEntry> = {}): AccountEntry => ({
  ...{ at: "2026-01-01T00:00:00.000Z", bank: "bank", purpose: "credit-application" },
  ...{ consent: "ab".repeat(32), inquiry: Buffer.from(inquiry).toString("hex") },
  ...{ outcome: "begun", receipts },
  ...more,
});
const tellsOf = (each: AccountEntry): Promise<Desk> =>
  deskThat(() => ({ asked: [each], refused: [] }));

describe("a wallet that is told who asked", () => {
  it("takes what the bureau's log proves, and keeps the receipts", async () => {
    const { asked } = await told(await tellsOf(entry(receiptsOf(intent()))));
    expect(asked).toMatchObject([{ bureau, bank: "bank", entries: [0], pending: 1 }]);
    expect(readdirSync(at("proofs"))).toEqual([`${bureau}-0.receipt`]);
  });

  it.each([
    ["another bank", intent({ bank: "other" })],
    ["another purpose", intent({ purpose: "collections" })],
    ["another inquiry", intent({ inquiry: rng.bytes(16) })],
    ["an entry of another kind", { kind: "heartbeat", body: {} } satisfies Draft],
    ["a result that is told otherwise", result("aborted", 1)],
  ])("refuses a proof about %s", async (_, draft) => {
    const desk = await tellsOf(entry(receiptsOf(draft)));
    await expect(told(desk)).rejects.toThrow(`${bureau} proves something else`);
    expect(readdirSync(at("proofs"))).toEqual([`against-${bureau}-0.receipt`]);
  });

  it("takes intent and result of one inquiry, and refuses a result of another", async () => {
    const delivered = { outcome: "delivered" } as const;
    const both = receiptsOf(intent(), result("delivered"));
    const { asked } = await told(await tellsOf(entry(both, delivered)));
    expect(asked).toMatchObject([{ entries: [0, 1], pending: 0 }]);
    const apart = receiptsOf(intent(), result("delivered", 7));
    const desk = await tellsOf(entry(apart, delivered));
    await expect(told(desk)).rejects.toThrow("something else");
    const turned = receiptsOf(intent(), result("delivered")).reverse();
    const other = await tellsOf(entry(turned, delivered));
    await expect(told(other)).rejects.toThrow("something else");
  });

  it("refuses the same proof twice, in place of the other", async () => {
    const [one] = receiptsOf(intent());
    const desk = await tellsOf(entry([one!, one!]));
    await expect(told(desk)).rejects.toThrow("something else");
  });

  it("refuses a proof by another's key, and one that was altered", async () => {
    const [text] = receiptsOf(intent());
    const altered = Buffer.from(text!, "base64");
    altered[60]! ^= 1;
    const desk = await tellsOf(entry([altered.toString("base64")]));
    await expect(told(desk)).rejects.toThrow("is wrong");
  });

  it("does not turn pages for ever", async () => {
    const page = (turn: number) => (0xffff_ffff - turn).toString(16).padStart(32, "0");
    const desk = await deskThat((turn) => ({ asked: [], refused: [], next: page(turn) }));
    await expect(told(desk)).rejects.toThrow("more than anybody asked");
  });

  it("does not read the same page again", async () => {
    const desk = await deskThat(() => ({ asked: [], refused: [], next: "ab".repeat(16) }));
    await expect(told(desk)).rejects.toThrow("again and again");
  });
});
