import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Element,
  multiplyBase,
  randomScalar,
  SigningKey,
  sealedKeyPair,
  seededRng,
  unpackNibbles,
} from "@moiety/crypto";
import { catalogueBytes, catalogueDigest, parseCatalogue } from "@moiety/model";
import { type deposit, depositChunk } from "@moiety/protocols";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openStore, type Store } from "../store.ts";
import { Shelf } from "./shelf.ts";

const { prepareDeposit, openChunk } = depositChunk;
const rng = seededRng("shelf");
const signing = new SigningKey(rng.bytes(32));
const boxes = { a: sealedKeyPair(rng), b: sealedKeyPair(rng) };
const catalogue = parseCatalogue(
  `domain: telecom
version: 1
identifier: { type: phone, column: phone }
features:
  - { name: tenure, type: integer, unit: months, meaning: Months., freshness: P31D, purposes: [x], bins: { edges: [1, 2] } }
  - { name: late, type: integer, unit: bills, meaning: Late., freshness: P31D, purposes: [x], bins: { edges: [1] } }
  - { name: data, type: integer, unit: GB, meaning: Data., freshness: P31D, purposes: [x], bins: { edges: [1] } }
`,
  "test.yaml",
);

const people = Array.from({ length: 1500 }, () => multiplyBase(randomScalar(rng)));

function prepared(
  version: number,
  pseudonyms: readonly Element[],
  changes: object = {},
): depositChunk.PreparedDeposit {
  const bins = Uint8Array.from({ length: pseudonyms.length * 3 }, (_, i) => i % 3);
  const facts = {
    network: "net",
    platform: "telecom",
    domain: "telecom",
    epoch: 1,
    version,
    catalogue: catalogueDigest(catalogue),
    madeAt: 1,
    ...changes,
  };
  const keys = { signing, boxes: { a: boxes.a.publicKey, b: boxes.b.publicKey } };
  return prepareDeposit({ pseudonyms, bins, features: 3 }, facts, keys, rng);
}

let folder: string;
let store: Store;
const shelves: Shelf[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-shelf-"));
  store = await openStore(folder, "net/bureau-a");
});
afterEach(async () => {
  peerDeposits = () => Promise.resolve([]);
  epoch = 1;
  for (const shelf of shelves.splice(0)) await shelf.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

/** What the other bureau holds, in these tests: headers. */
let peerDeposits: () => Promise<Uint8Array[]> = () => Promise.resolve([]);

/** The roster's epoch of the domain. */
let epoch = 1;

function shelfOf(side: "a" | "b" = "a"): Shelf {
  const shelf = new Shelf(store, {
    peerDeposits: () => peerDeposits(),
    notDropped: () => {},
    network: "net",
    side,
    domain: (name) =>
      name === "telecom" ? { platform: "telecom", epoch, key: signing.verifyingKey } : undefined,
  });
  shelves.push(shelf);
  return shelf;
}

function versionsIn(shelf: Shelf): number[] {
  return shelf.versions("telecom").map(({ header }) => header.version);
}

function offerOf(made: depositChunk.PreparedDeposit): deposit.Offer {
  return { ...made, catalogue: catalogueBytes(catalogue) };
}

async function fill(shelf: Shelf, made: depositChunk.PreparedDeposit): Promise<void> {
  const offer = offerOf(made);
  const held = await shelf.open(offer);
  for (const [index, is] of held.entries())
    if (!is) await shelf.put(offer, openChunk(made.sealed.a[index]!, index, "a", made, boxes.a));
  await shelf.complete(offer);
}

describe("deposits at a bureau", () => {
  test("are invisible until complete, and survive a restart", async () => {
    const made = prepared(1, people);
    const shelf = shelfOf();
    const offer = offerOf(made);
    expect(await shelf.open(offer)).toEqual([false, false]);
    await shelf.put(offer, openChunk(made.sealed.a[0]!, 0, "a", made, boxes.a));
    expect(shelf.versions("telecom")).toEqual([]);
    expect(await shelfOf().open(offer)).toEqual([true, false]);
    await fill(shelfOf(), made);
    const [held] = shelfOf().versions("telecom");
    expect(held?.header).toMatchObject({ version: 1, records: 1500 });
    const record = shelfOf().record("telecom", 1, people[77]!);
    expect(unpackNibbles(record!, 3)).toHaveLength(3);
    expect(shelfOf().record("telecom", 1, multiplyBase(randomScalar(rng)))).toBeUndefined();
  });

  test("keep the two latest versions, and nothing of older ones", async () => {
    const shelf = shelfOf();
    for (const version of [1, 2, 3]) await fill(shelf, prepared(version, people.slice(0, 40)));
    await vi.waitFor(() => expect(versionsIn(shelf)).toEqual([3, 2]));
    await vi.waitFor(() => expect(store.table("deposits").getCount()).toBe(2));
    expect(shelf.record("telecom", 1, people[0]!)).toBeUndefined();
    expect(shelf.record("telecom", 2, people[0]!)).toBeDefined();
    expect(store.table("chunks").getCount()).toBe(2);
  });

  test("keep the latest version that the other bureau holds too, whatever its age", async () => {
    const shelf = shelfOf();
    const first = prepared(1, people.slice(0, 9));
    peerDeposits = () => Promise.resolve([first.bytes]);
    await fill(shelf, first);
    for (const version of [2, 3, 4]) await fill(shelf, prepared(version, people.slice(0, 9)));
    await vi.waitFor(() => expect(versionsIn(shelf)).toEqual([4, 3, 1]));
    expect(await shelf.isCommon("telecom")).toBe(true);
    // The same number over another content is not the same deposit.
    peerDeposits = () => Promise.resolve([prepared(4, people.slice(0, 9)).bytes]);
    expect(await shelf.isCommon("telecom")).toBe(false);
  });

  test("remove nothing while the other bureau cannot be asked", async () => {
    const shelf = shelfOf();
    peerDeposits = () => Promise.reject(new Error("down"));
    for (const version of [1, 2, 3]) await fill(shelf, prepared(version, people.slice(0, 9)));
    expect(versionsIn(shelf)).toEqual([3, 2, 1]);
    expect(shelf.record("telecom", 1, people[0]!)).toBeDefined();
  });

  test("refuse an older version, and another content under a known number", async () => {
    const shelf = shelfOf();
    await fill(shelf, prepared(5, people.slice(0, 10)));
    await expect(shelf.open(offerOf(prepared(4, people)))).rejects.toThrow("version 5 is held");
    await expect(shelf.open(offerOf(prepared(5, people)))).rejects.toThrow("another content");
  });

  test("give up a beginning for a newer one of the same number, not for an older one", async () => {
    const shelf = shelfOf();
    const lost = prepared(1, people.slice(0, 10));
    await shelf.open(offerOf(lost));
    await shelf.put(offerOf(lost), openChunk(lost.sealed.a[0]!, 0, "a", lost, boxes.a));
    const anew = prepared(1, people.slice(0, 10), { madeAt: 2 });
    expect(await shelf.open(offerOf(anew))).toEqual([false]);
    await expect(shelf.open(offerOf(lost))).rejects.toThrow("another content");
    const late = shelf.put(offerOf(lost), openChunk(lost.sealed.a[0]!, 0, "a", lost, boxes.a));
    await expect(late).rejects.toThrow("not under way any more");
    await expect(shelf.complete(offerOf(lost))).rejects.toThrow("not under way any more");
    await fill(shelf, anew);
    expect(versionsIn(shelf)).toEqual([1]);
  });

  test("of a former epoch do not count after a restart", async () => {
    await fill(shelfOf(), prepared(1, people.slice(0, 10)));
    expect(versionsIn(shelfOf())).toEqual([1]);
    epoch = 2;
    expect(versionsIn(shelfOf())).toEqual([]);
  });

  test.each([
    ["of another platform", { platform: "payments" }, "not a domain of payments"],
    ["of an unknown domain", { domain: "water" }, "not a domain"],
    ["of another network", { network: "other" }, "not a domain"],
    ["of another epoch", { epoch: 2 }, "epoch 1"],
    ["with another catalogue", { catalogue: new Uint8Array(32) }, "not the one"],
  ])("refuse a header %s", async (_what, changes, why) => {
    const offer = offerOf(prepared(1, people.slice(0, 3), changes));
    await expect(shelfOf().open(offer)).rejects.toThrow(why);
    expect(store.table("deposits").getCount()).toBe(0);
  });

  test("refuse a signature by another key", async () => {
    const offer = offerOf(prepared(1, people.slice(0, 3)));
    const signature = Uint8Array.from(offer.signature, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    await expect(shelfOf().open({ ...offer, signature })).rejects.toThrow("wrong signature");
  });

  test("do not complete under a root of other records", async () => {
    const made = prepared(1, people.slice(0, 20));
    // Side b's root stands in the header as well: what a checks is its own.
    const shelf = shelfOf("b");
    const offer = offerOf(made);
    await shelf.open(offer);
    await shelf.put(offer, openChunk(made.sealed.a[0]!, 0, "a", made, boxes.a));
    await expect(shelf.complete(offer)).rejects.toThrow("not those of the root");
    expect(shelf.versions("telecom")).toEqual([]);
  });
});
