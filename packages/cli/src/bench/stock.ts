/**
 * Stores as they are after months of deposits and inquiries, filled directly: both bureaus' with made-up
 * deposits of each platform, and the bank's with the pseudonyms of everybody. Evaluating them is measured
 * by itself, and would take hours here.
 */
import { readFileSync } from "node:fs";
import { osRng, type SeededRng, seededRng } from "@moiety/crypto";
import { systemClock } from "@moiety/kit";
import { parseCatalogue } from "@moiety/model";
import { type NodeConfig, readConfig, readRoster, readSigningKey } from "@moiety/node";
import { MadeUpDeposit, openStore, Parties, PseudonymBook, Shelf } from "@moiety/node/runtime";
import { depositHeader } from "@moiety/protocols";
import type { MadeNetwork } from "../init.ts";
import type { BenchSetting } from "./bench.ts";

const { CHUNK_RECORDS, recordsIn, rowBytes, SHARES_AT } = depositHeader;
const BUREAUS = ["bureau-a", "bureau-b"] as const;
const PSEUDONYM_BYTES = 32;
const MAX_BINS = 16;
const KEPT_AT_ONCE = 1024;
/** Of so many people a platform does not know one. */
const UNKNOWN_ONE_OF = 16;

/** What was filled in, to say afterwards what each score must be. */
export interface Stock {
  /**
   * What a person scores by the model's tables (m × 16): its characteristics are all features of all
   * domains, in their order.
   */
  score(person: number, tables: Uint16Array): number;
}

/** Fills the stores of a network whose nodes do not run, about these people. */
export async function fillStores(
  { configs }: MadeNetwork,
  domains: readonly string[],
  identifiers: readonly string[],
  { seed, signal, say }: Pick<BenchSetting, "seed" | "signal" | "say">,
): Promise<Stock> {
  const rng = seededRng(`moiety bench stock, ${seed}`);
  const config = (name: string): NodeConfig => readConfig(configs[name] as string);
  const parties = new Parties(readRoster(config("bank"), systemClock.now()), systemClock);
  const deposits = domains.map((domain) =>
    depositOf(config(domain), identifiers.length, parties, rng),
  );
  const halves: (readonly Half[])[] = [];
  for (const bureau of BUREAUS) {
    say(`${bureau}: ${identifiers.length} people in each of ${domains.length} domains`);
    halves.push(await fillBureau(config(bureau), parties, deposits, signal));
  }
  say(`bank: pseudonyms of ${identifiers.length} people`);
  const columns = deposits.map((made, d) => columnOf(made, d, identifiers.length, rng));
  await fillBank(config("bank"), parties, domains, identifiers, columns, signal);
  return {
    score(person, tables) {
      let [total, table] = [0, 0];
      for (const [d, { offer }] of deposits.entries()) {
        const row = rowOf(person, d, identifiers.length);
        for (let feature = 0; feature < offer.header.features; feature += 1) {
          let bin = 0;
          if (row !== undefined)
            for (const half of halves) bin += nibbleOf(half[d] as Half, row, feature);
          total += tables[table * MAX_BINS + (bin & 15)] as number;
          table += 1;
        }
      }
      return total & 1023;
    },
  };
}

/** One bureau's packed shares of one deposit. */
interface Half {
  readonly stride: number;
  readonly shares: Uint8Array;
}

function nibbleOf({ stride, shares }: Half, row: number, feature: number): number {
  return ((shares[row * stride + (feature >> 1)] as number) >> (4 * (feature & 1))) & 15;
}

/** A person's row among a deposit's, which lie in the order of pseudonyms: so that neighbours do not. */
function rowOf(person: number, domain: number, people: number): number | undefined {
  if ((person + 5 * domain) % UNKNOWN_ONE_OF === 0) return undefined;
  // Primes larger than any number of people: each gives a permutation.
  const factor = [1_000_000_007, 1_000_000_009, 1_000_000_021][domain % 3] as number;
  return Number((BigInt(person) * BigInt(factor)) % BigInt(people));
}

function depositOf(
  config: NodeConfig,
  records: number,
  parties: Parties,
  rng: SeededRng,
): MadeUpDeposit {
  const file = config.catalogue as string;
  const catalogue = parseCatalogue(readFileSync(file, "utf8"), file);
  const madeAt = Math.floor(systemClock.now() / 1000);
  const epoch = parties.domains.get(catalogue.domain)?.epoch as number;
  const { network } = parties;
  const facts = { network, platform: config.name, catalogue, epoch, version: 1, madeAt, records };
  return new MadeUpDeposit(facts, readSigningKey(config.keys), rng.fork(catalogue.domain));
}

async function fillBureau(
  config: NodeConfig,
  parties: Parties,
  deposits: readonly MadeUpDeposit[],
  signal: AbortSignal,
): Promise<Half[]> {
  const side = config.role === "bureau-a" ? "a" : "b";
  const store = await openStore(config.data, `${parties.network}/${config.name}`);
  const shelf = new Shelf(store, {
    network: parties.network,
    side,
    clock: systemClock,
    domain: (name) => {
      const owner = parties.domains.get(name);
      if (owner === undefined) return undefined;
      const epochs = parties.epochs(name).map(({ epoch }) => epoch);
      return { platform: owner.platform, epochs, key: parties.verifying(owner.platform) };
    },
    recordsPerPlatform: Number.MAX_SAFE_INTEGER,
    peerDeposits: async () => [],
    notDone: (error) => {
      throw error;
    },
  });
  const halves: Half[] = [];
  try {
    for (const made of deposits) {
      const { header } = made.offer;
      const [row, stride] = [rowBytes(header.features), rowBytes(header.features) - SHARES_AT];
      const shares = new Uint8Array(header.records * stride);
      await shelf.open(made.offer);
      for (let index = 0; index < made.chunks; index += 1) {
        signal.throwIfAborted();
        const chunk = made.chunk(side, index);
        for (let at = 0; at < recordsIn(header, index); at += 1)
          shares.set(
            chunk.records.subarray(at * row + SHARES_AT, (at + 1) * row),
            (index * CHUNK_RECORDS + at) * stride,
          );
        await shelf.put(made.offer, chunk);
      }
      await shelf.complete(made.offer);
      halves.push({ stride, shares });
    }
  } finally {
    await shelf.close();
    await store.close();
  }
  return halves;
}

/** Everybody's pseudonym in one domain, 32 bytes each; any bytes for who is not in the deposit. */
function columnOf(made: MadeUpDeposit, domain: number, people: number, rng: SeededRng): Uint8Array {
  const rows = new Uint8Array(people * PSEUDONYM_BYTES);
  for (let index = 0; index < made.chunks; index += 1)
    rows.set(made.pseudonyms(index), index * CHUNK_RECORDS * PSEUDONYM_BYTES);
  const column = rng.fork(`unknown ${domain}`).bytes(people * PSEUDONYM_BYTES);
  for (let person = 0; person < people; person += 1) {
    const row = rowOf(person, domain, people);
    if (row === undefined) continue;
    const own = rows.subarray(row * PSEUDONYM_BYTES, (row + 1) * PSEUDONYM_BYTES);
    column.set(own, person * PSEUDONYM_BYTES);
  }
  return column;
}

async function fillBank(
  config: NodeConfig,
  parties: Parties,
  domains: readonly string[],
  identifiers: readonly string[],
  columns: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  const store = await openStore(config.data, `${parties.network}/${config.name}`);
  const signing = readSigningKey(config.keys);
  const book = new PseudonymBook({ store, parties, rng: osRng, signing });
  const keys = domains.map((domain) => parties.domains.get(domain));
  try {
    for (let start = 0; start < identifiers.length; start += KEPT_AT_ONCE) {
      signal.throwIfAborted();
      const people = identifiers.slice(start, start + KEPT_AT_ONCE);
      const end = start + people.length;
      const known = columns.flatMap((column, d) => {
        const each = keys[d];
        const pseudonyms = column.subarray(start * PSEUDONYM_BYTES, end * PSEUDONYM_BYTES);
        return each === undefined ? [] : [{ keys: each, pseudonyms }];
      });
      await book.keep(
        people.map((identifier) => Buffer.from(`opaque:${identifier}`)),
        known,
      );
    }
  } finally {
    book.close();
    await store.close();
  }
}
