import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Element,
  generateKeyPair,
  hashToElement,
  multiplyBase,
  randomScalar,
  SigningKey,
  seededRng,
} from "@moiety/crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DomainKeys, Parties } from "../parties.ts";
import { openStore, type Store } from "../store.ts";
import { PseudonymBook } from "./pseudonym-book.ts";

const rng = seededRng("pseudonym book");
const element = (): Element => multiplyBase(randomScalar(rng));

function keysOf(domain: string, epoch: number): DomainKeys {
  const half = (): Element => generateKeyPair(rng).publicKey;
  return { domain, epoch, platform: domain, a: half(), b: half() };
}

const first = keysOf("telecom", 1);
const second = keysOf("telecom", 2);
const other = keysOf("payments", 1);
const people = ["phone:+4915112345678", "phone:+4915112345679"].map((each) => Buffer.from(each));
const signing = new SigningKey(rng.bytes(32));

let folder: string;
let store: Store;
/** What the roster lists. */
let listed: DomainKeys[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "moiety-book-"));
  store = await openStore(folder, "test/bank");
  listed = [first, second, other];
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function book(key: SigningKey = signing): PseudonymBook {
  const parties = {
    network: "test",
    keysOf: (domain: string, epoch: number) =>
      listed.find((each) => each.domain === domain && each.epoch === epoch),
  } as Parties;
  return new PseudonymBook({ store, parties, rng, signing: key });
}

it("finds what was kept, by domain, epoch and person, and after a restart", async () => {
  const [one, two, elsewhere] = [element(), element(), element()];
  await book().keep(people, [
    { keys: first, pseudonyms: [one, two] },
    { keys: other, pseudonyms: [elsewhere, element()] },
  ]);
  expect(book().find(people.toReversed(), first)).toEqual([two, one]);
  expect(book().find([people[0] as Uint8Array], other)).toEqual([elsewhere]);
  expect(book().find(people, second)).toEqual([undefined, undefined]);
  expect(book().find([Buffer.from("phone:+1")], first)).toEqual([undefined]);
});

it("does not find what was evaluated under other keys than the roster's of today", async () => {
  await book().keep(people, [{ keys: first, pseudonyms: [element(), element()] }]);
  expect(book().find(people, { ...first, b: second.b })).toEqual([undefined, undefined]);
});

it("opens nothing for another bank's key", async () => {
  await book().keep(people, [{ keys: first, pseudonyms: [element(), element()] }]);
  const stranger = book(new SigningKey(rng.bytes(32)));
  expect(stranger.find(people, first)).toEqual([undefined, undefined]);
});

it("takes no entry that was moved or changed on disk", async () => {
  await book().keep(people, [{ keys: first, pseudonyms: [element(), element()] }]);
  const table = store.table("pseudonyms");
  const [one, two] = [...table.getRange()];
  await table.put(one?.key as Buffer, two?.value as Buffer);
  const changed = Buffer.from(two?.value as Buffer);
  changed[0] = (changed[0] as number) ^ 1;
  await table.put(two?.key as Buffer, changed);
  expect(book().find(people, first)).toEqual([undefined, undefined]);
});

it("shows neither identifier nor pseudonym on disk, nor a hash that could be guessed", async () => {
  const pseudonym = element();
  const [person] = people as [Buffer];
  await book().keep([person], [{ keys: first, pseudonyms: [pseudonym] }]);
  const disk: Buffer = Buffer.concat(
    readdirSync(folder).map((name) => readFileSync(join(folder, name))),
  );
  expect(disk.includes(Buffer.from("telecom"))).toBe(true);
  for (const secret of [person.subarray(6), pseudonym, hashToElement("voprf", person)])
    expect(disk.includes(Buffer.from(secret))).toBe(false);
  const places = [...store.table("pseudonyms").getKeys()];
  const elsewhere = new PseudonymBook({
    store,
    parties: { network: "another", keysOf: () => first } as unknown as Parties,
    rng,
    signing,
  });
  await elsewhere.keep([person], [{ keys: first, pseudonyms: [pseudonym] }]);
  // The same person elsewhere has another place: it hangs on more than the person.
  expect([...store.table("pseudonyms").getKeys()]).toHaveLength(places.length + 1);
});

it("drops an epoch that the roster has retired, whole, and takes nothing more of it", async () => {
  const many = Array.from({ length: 30 }, (_, at) => Buffer.from(`phone:+${at}`));
  const pseudonyms = many.map(element);
  await book().keep(many, [
    { keys: first, pseudonyms },
    { keys: second, pseudonyms },
    { keys: other, pseudonyms },
  ]);
  listed = [second, other];
  await book().dropRetired();
  expect(
    book()
      .find(many, first)
      .every((each) => each === undefined),
  ).toBe(true);
  expect(book().find(many, second)).toEqual(pseudonyms);
  expect(book().find(many, other)).toEqual(pseudonyms);
  await book().keep(many, [{ keys: first, pseudonyms }]);
  expect(store.table("pseudonyms").getCount()).toBe(60);
  listed = [];
  await book().dropRetired();
  expect(store.table("pseudonyms").getCount()).toBe(0);
});

it("keeps nothing of an epoch that is retired while it is being written", async () => {
  const open = book();
  const kept = open.keep(people, [{ keys: first, pseudonyms: [element(), element()] }]);
  listed = [second, other];
  await open.dropRetired();
  await kept;
  expect(store.table("pseudonyms").getCount()).toBe(0);
});
