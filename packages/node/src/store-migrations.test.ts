/** A store as version 1 of the layout had it, written here by hand, becomes today's. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Element, multiplyBase, randomScalar, seededRng, sign } from "@moiety/crypto";
import { encode } from "@moiety/kit";
import { catalogueBytes, catalogueDigest } from "@moiety/model";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Shelf } from "./bureau/shelf.ts";
import { CATALOGUE, signing } from "./bureau/testing/deposit-world.ts";
import { Outbox } from "./platform/outbox.ts";
import { openStore } from "./store.ts";
import { after, key } from "./store-table.ts";

const rng = seededRng("version 1");
const OWNER = "net/node";
const MADE_AT = 1_690_000_000;
const people: Element[] = Array.from({ length: 600 }, () => multiplyBase(randomScalar(rng)));
const shares = (who: number): Buffer => Buffer.of(who & 255, (who >> 8) & 15);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moiety-migration-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Opens a store as the former program did. */
function former() {
  const root = open({ path: `${folder}/store.mdb`, maxDbs: 16, overlappingSync: false });
  const table = (name: string) =>
    root.openDB<Buffer, Buffer>({ name, encoding: "binary", keyEncoding: "binary" });
  void table("meta").put(
    Buffer.from("schema"),
    Buffer.from(JSON.stringify({ version: 1, owner: OWNER })),
  );
  return { root, table };
}

const uint32 = (value: number): Uint8Array => new Uint8Array(key(value));

/** A header as version 1 wrote it. */
function header(version: number): { bytes: Uint8Array; signature: Uint8Array } {
  const bytes = encode({
    network: "net",
    platform: "telecom",
    domain: "telecom",
    epoch: uint32(3),
    version: uint32(version),
    catalogue: catalogueDigest(CATALOGUE),
    records: uint32(people.length),
    features: 3,
    rootA: new Uint8Array(32),
    rootB: new Uint8Array(32),
    madeAt: uint32(MADE_AT),
  });
  return { bytes, signature: sign(signing, "moiety/deposit/1/header", bytes) };
}

async function writeBureau(): Promise<void> {
  const { root, table } = former();
  const digest = Buffer.from(catalogueDigest(CATALOGUE));
  void table("catalogues").put(digest, Buffer.from(catalogueBytes(CATALOGUE)));
  // Version 4 is complete, 5 is under way, 3 was being removed.
  for (const [version, state] of [
    [3, 2],
    [4, 1],
    [5, 0],
  ] as const) {
    const { bytes, signature } = header(version);
    const entry = Buffer.concat([Buffer.of(state), signature, bytes]);
    void table("deposits").put(key("telecom", version), entry);
    void table("chunks").put(key("telecom", version, 0), Buffer.alloc(128, version));
    for (const [who, pseudonym] of people.entries())
      void table("records").put(key("telecom", version, pseudonym), shares(who));
  }
  await root.flushed;
  await root.close();
}

function shelfOver(store: Awaited<ReturnType<typeof openStore>>): Shelf {
  return new Shelf(store, {
    network: "net",
    side: "a",
    clock: { now: () => MADE_AT * 1000, after: () => () => {} },
    domain: () => ({ platform: "telecom", epochs: [3], key: signing.verifyingKey }),
    recordsPerPlatform: 1_000_000,
    peerDeposits: async () => [],
    notDone: () => {},
  });
}

describe("a bureau's store of version 1", () => {
  test("keeps its complete deposits, with every record, and nothing else", async () => {
    await writeBureau();
    const store = await openStore(folder, OWNER);
    const shelf = shelfOver(store);
    const [held, ...others] = shelf.versions("telecom", 3);
    expect(others).toEqual([]);
    expect(held?.header).toMatchObject({ version: 4, epoch: 3 });
    expect(Buffer.from(held!.bytes)).toEqual(Buffer.from(header(4).bytes));
    const read = shelf.reader(held!);
    for (const [who, pseudonym] of people.entries()) {
      const { madeAt, shares: found } = read(pseudonym)!;
      expect(madeAt).toBe(MADE_AT);
      expect(Buffer.from(found)).toEqual(shares(who));
    }
    for (const table of ["deposits", "chunks", "records"])
      expect(store.table(table).getCount()).toBe(0);
    expect(store.table("deposit-rows").getCount()).toBe(people.length);
    await shelf.close();
    await store.close();
    await (await openStore(folder, OWNER)).close();
  });

  test("that was half migrated is migrated to its end", async () => {
    await writeBureau();
    const { root, table } = former();
    const prefix = key("telecom", 4);
    const some = [...table("records").getRange({ start: prefix, end: after(prefix), limit: 77 })];
    for (const { key: place, value } of some) {
      const target = Buffer.concat([key("telecom", 3, 4), place.subarray(prefix.length)]);
      void table("deposit-rows").put(target, Buffer.concat([key(MADE_AT), value]));
      void table("records").remove(place);
    }
    await root.flushed;
    await root.close();
    const store = await openStore(folder, OWNER);
    const shelf = shelfOver(store);
    const read = shelf.reader(shelf.versions("telecom", 3)[0]!);
    for (const [who, pseudonym] of people.entries())
      expect(Buffer.from(read(pseudonym)!.shares)).toEqual(shares(who));
    await shelf.close();
    await store.close();
  });
});

describe("a platform's store of version 1", () => {
  test.each([
    [true, "settled"],
    [false, "abandoned"],
  ] as const)("keeps the number of its last version (arrived: %s)", async (b, state) => {
    const { root, table } = former();
    const { bytes, signature } = header(9);
    const [text, signed] = [bytes, signature].map((each) => Buffer.from(each).toString("base64"));
    const journey = {
      domain: "telecom",
      version: 9,
      source: "digest",
      header: text,
      signature: signed,
      catalogue: Buffer.from(catalogueBytes(CATALOGUE)).toString("base64"),
      accepted: { a: true, b },
      receipts: {},
    };
    void table("journeys").put(Buffer.from("telecom"), Buffer.from(JSON.stringify(journey)));
    void table("sealed").put(key("telecom", "a", 0), Buffer.alloc(100));
    await root.flushed;
    await root.close();
    const store = await openStore(folder, OWNER);
    expect(new Outbox(store).journey("telecom")).toMatchObject({
      version: 9,
      epoch: 3,
      people: people.length,
      state,
    });
    expect(store.table("sealed").getCount()).toBe(0);
    await store.close();
  });
});
