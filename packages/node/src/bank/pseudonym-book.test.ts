import { createPublicKey } from "node:crypto";
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
import { type Column, PseudonymBook } from "./pseudonym-book.ts";

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
  return new PseudonymBook({ store, parties: partiesOf("test"), rng, signing: key });
}

function partiesOf(network: string): Parties {
  const parties = {
    network,
    get domains() {
      return new Map(listed.map((each) => [each.domain, each]));
    },
    epochs: (domain: string) => listed.filter((each) => each.domain === domain),
    keysOf: (domain: string, epoch: number) =>
      listed.find((each) => each.domain === domain && each.epoch === epoch),
  };
  return parties as unknown as Parties;
}

const column = (keys: DomainKeys, ...pseudonyms: Element[]): Column => ({
  keys,
  pseudonyms: new Uint8Array(Buffer.concat(pseudonyms)),
});

/** Of one column, one entry a person. */
function found(
  from: PseudonymBook,
  identifiers: readonly Uint8Array[],
  keys: DomainKeys,
): (Uint8Array | undefined)[] {
  const { columns, missing } = from.find(identifiers, [keys]);
  return identifiers.map((_, person) =>
    missing.includes(person) ? undefined : columns[0]?.slice(32 * person, 32 * person + 32),
  );
}

const rows = () =>
  [...store.table("known-pseudonyms").getRange()].filter(({ key }) => key.length === 32);

it("finds what was kept, by domain, epoch and person, and after a restart", async () => {
  const [one, two, elsewhere] = [element(), element(), element()];
  await book().keep(people, [column(first, one, two), column(other, elsewhere, element())]);
  expect(found(book(), people.toReversed(), first)).toEqual([two, one]);
  expect(found(book(), [people[0] as Uint8Array], other)).toEqual([elsewhere]);
  expect(found(book(), people, second)).toEqual([undefined, undefined]);
  expect(found(book(), [Buffer.from("phone:+1")], first)).toEqual([undefined]);
});

it("finds several columns at once, and says of whom one is missing", async () => {
  const [one, two, elsewhere] = [element(), element(), element()];
  await book().keep(people, [column(first, one, two)]);
  await book().keep(people.slice(1), [column(other, elsewhere)]);
  const { columns, missing } = book().find(people, [other, first]);
  expect(missing).toEqual([0]);
  expect(columns.map((each) => each.slice(32))).toEqual([elsewhere, two]);
});

it("keeps a column again in place of what was known of it", async () => {
  const [before, after] = [element(), element()];
  const [person] = people as [Buffer];
  await book().keep([person], [column(first, before), column(other, before)]);
  await book().keep([person], [column(first, after)]);
  expect(found(book(), [person], first)).toEqual([after]);
  expect(found(book(), [person], other)).toEqual([before]);
  expect(rows()).toHaveLength(1);
});

it("forgets the oldest of more columns than a person may have", async () => {
  const [person] = people as [Buffer];
  const many = Array.from({ length: 300 }, (_, epoch) => ({ ...first, epoch }));
  listed = many;
  for (const keys of many) await book().keep([person], [column(keys, first.a)]);
  const known = many.map((keys) => found(book(), [person], keys)[0] !== undefined);
  expect(known).toEqual(many.map((_, at) => at >= 300 - 255));
});

it("does not find what was evaluated under other keys than the roster's of today", async () => {
  await book().keep(people, [column(first, element(), element())]);
  expect(found(book(), people, { ...first, b: second.b })).toEqual([undefined, undefined]);
});

it("opens nothing for another bank's key", async () => {
  await book().keep(people, [column(first, element(), element())]);
  const stranger = book(new SigningKey(rng.bytes(32)));
  expect(found(stranger, people, first)).toEqual([undefined, undefined]);
});

it("takes no entry that was moved or changed on disk", async () => {
  const table = store.table("known-pseudonyms");
  await book().keep(people, [
    column(first, element(), element()),
    column(other, element(), element()),
  ]);
  const [one, two] = rows();
  await table.put(one?.key as Buffer, two?.value as Buffer);
  expect(found(book(), people, first).filter((each) => each === undefined)).toHaveLength(1);
  const whole = two?.value as Buffer;
  for (const at of whole.keys()) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] as number) ^ 1;
    await table.put(two?.key as Buffer, changed);
    expect(found(book(), people, first)).toEqual([undefined, undefined]);
  }
  // Two columns of one person that changed places, names only.
  const swapped = Buffer.concat([
    whole.subarray(0, 1),
    whole.subarray(17, 33),
    whole.subarray(1, 17),
    whole.subarray(33),
  ]);
  await table.put(two?.key as Buffer, swapped);
  expect(found(book(), people, first)).toEqual([undefined, undefined]);
});

it("shows neither identifier nor pseudonym on disk, nor a hash that could be guessed", async () => {
  const pseudonym = element();
  const [person] = people as [Buffer];
  await book().keep([person], [column(first, pseudonym)]);
  const disk: Buffer = Buffer.concat(
    readdirSync(folder).map((name) => readFileSync(join(folder, name))),
  );
  const [place] = rows().map(({ key }) => Buffer.from(key));
  expect(disk.includes(place as Buffer)).toBe(true);
  for (const secret of [person.subarray(6), pseudonym, hashToElement("voprf", person)])
    expect(disk.includes(Buffer.from(secret))).toBe(false);
  const elsewhere = new PseudonymBook({ store, parties: partiesOf("another"), rng, signing });
  await elsewhere.keep([person], [column(first, pseudonym)]);
  // The same person elsewhere has another place: it hangs on more than the person.
  expect(rows()).toHaveLength(2);
});

it("shows who knows the roster neither columns nor which of them were swept", async () => {
  const [person] = people as [Buffer];
  const stranger = new SigningKey(rng.bytes(32));
  const swept = () =>
    [...store.table("known-pseudonyms").getRange()].find(({ key }) => key.length !== 32)?.value;
  const marks: (Buffer | undefined)[] = [];
  for (const key of [signing, stranger]) {
    await book(key).keep([person], [column(first, element())]);
    await book(key).dropRetired();
    marks.push(swept());
  }
  // Of two banks that know the same of the same person, nothing is alike.
  const names = rows().map(({ value }) => value.toString("hex", 1, 17));
  expect(new Set(names).size).toBe(names.length);
  expect(marks[0]).toHaveLength(32);
  expect(marks[0]).not.toEqual(marks[1]);
});

it("seals under another nonce what differs in its columns only, from a generator that repeats", async () => {
  const [person] = people as [Buffer];
  const pseudonym = element();
  const repeating = { bytes: (length: number) => new Uint8Array(length) };
  const rules = { store, parties: partiesOf("test"), rng: repeating, signing };
  const nonces: string[] = [];
  for (const keys of [first, second]) {
    await new PseudonymBook(rules).keep([person], [column(keys, pseudonym)]);
    const [row] = rows();
    nonces.push(row?.value.toString("hex", 17, 29) as string);
    await store.table("known-pseudonyms").remove(row?.key as Buffer);
  }
  expect(nonces[0]).toHaveLength(24);
  expect(nonces[0]).not.toBe(nonces[1]);
});

it("is not made of a key that lacks its secret", () => {
  const open = { keyObject: createPublicKey(signing.keyObject) } as SigningKey;
  expect(() => book(open)).toThrow("without its secret");
});

it("drops an epoch that the roster has retired, whole, and takes nothing more of it", async () => {
  const many = Array.from({ length: 600 }, (_, at) => Buffer.from(`phone:+${at}`));
  const half = many.slice(300);
  const of = (keys: DomainKeys) => column(keys, ...many.map(() => first.a));
  await book().keep(many, [of(first)]);
  await book().keep(half, [of(second), of(other)]);
  listed = [second, other];
  await book().dropRetired();
  expect(book().find(many, [first]).missing).toHaveLength(600);
  expect(book().find(half, [second, other]).missing).toEqual([]);
  expect(rows()).toHaveLength(300);
  await book().keep(many, [of(first)]);
  expect(rows()).toHaveLength(300);
  listed = [];
  await book().dropRetired();
  expect(rows()).toHaveLength(0);
});

it("keeps nothing of an epoch that is retired while it is being written", async () => {
  const open = book();
  await open.dropRetired();
  const kept = open.keep(people, [column(first, element(), element())]);
  listed = [second, other];
  await open.dropRetired();
  await kept;
  expect(rows()).toHaveLength(0);
});

it("removes what a former program kept", async () => {
  const former = store.table("pseudonyms");
  for (let at = 0; at < 600; at += 1)
    void former.put(Buffer.from(`telecom ${at}`), Buffer.alloc(60));
  await former.put(Buffer.from("last"), Buffer.alloc(60));
  await book().dropRetired();
  expect(former.getCount()).toBe(0);
});
