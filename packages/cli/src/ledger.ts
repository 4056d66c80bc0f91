/** What `moiety ledger` does with exported logs: files in, plain values out. */
import { existsSync, lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { VerifyingKey } from "@moiety/crypto";
import {
  COSIGNATURE,
  checkLog,
  compareLogs,
  type Difference,
  ED25519,
  type Entry,
  encodeEvidence,
  entriesOf,
  exportedLog,
  formatReceipt,
  isReceipt,
  type Keyring,
  LedgerError,
  type LogView,
  logOrigin,
  noteKey,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  parseEntry,
  parseNote,
  parseReceipt,
  proveInclusion,
  type Verdict,
  verifyEvidence,
  verifyReceipt,
  witnessName,
} from "@moiety/ledger";
import { SetupError } from "@moiety/node";
import { type Party, parseRoster, type Roster, verifyingKeyOf } from "@moiety/policy";
import { readLedgerFile } from "./bounded-files.ts";
import { writePublic } from "./files.ts";

/** Keys of all parties, and who by the latest of the rosters has to cosign. */
export interface Trusted extends Keyring {
  /** Names of witnesses' keys: the bureaus', of which a log needs the other's, and the supervisor's. */
  readonly cosigners: ReadonlySet<string>;
}

/** As much as a roster may have. */
const MAX_ROSTER_BYTES = 8 << 20;

function readRoster(file: string): Uint8Array {
  const bytes = readLedgerFile(file, MAX_ROSTER_BYTES);
  if (bytes === undefined) throw new SetupError(`roster ${file} cannot be read (ENOENT)`);
  return bytes;
}

/** All keys that the parties of these rosters have had. Throws for one that `authority` did not sign. */
export function keyringOf(files: readonly string[], authority: string): Trusted {
  if (!/^[0-9a-f]{64}$/.test(authority))
    throw new SetupError("--authority: write the authority's public key as 64 digits 0-9a-f");
  const key = new VerifyingKey(Buffer.from(authority, "hex"), "--authority");
  // Expired ones too: a log outlives the rosters under which it was written.
  const rosters = files.map((file) => parseRoster(readRoster(file), key, undefined, file));
  const bureaus = namesOf(rosters, ({ role }) => role === "bureau-a" || role === "bureau-b");
  const witnesses = namesOf(rosters, ({ role }) => role !== "platform" && role !== "bank");
  const platforms = namesOf(rosters, ({ role }) => role === "platform");
  const [latest] = rosters.toSorted((one, other) => other.version - one.version);
  const cosigning = latest?.parties.filter(({ role }) => role !== "platform" && role !== "bank");
  return {
    cosigners: new Set(cosigning?.map(({ name }) => witnessName(latest?.network ?? "", name))),
    logs: bureaus.map(({ network, name, keys }) => {
      const origin = logOrigin(network, name);
      return { party: name, origin, keys: keys.map((each) => noteKey(origin, each, ED25519)) };
    }),
    witnesses: witnesses.flatMap(({ network, name, keys }) =>
      keys.map((each) => ({
        party: name,
        key: noteKey(witnessName(network, name), each, COSIGNATURE),
      })),
    ),
    platforms: new Map(
      platforms.map(({ network, name, keys }) => [logOrigin(network, name), keys]),
    ),
  };
}

/** What a folder, a receipt or an evidence file turned out to be. */
export type Verified =
  | {
      readonly is: "log";
      readonly origin: string;
      readonly size: number;
      readonly root: string;
      readonly kinds: Readonly<Record<string, number>>;
      readonly cosigned: readonly { readonly by: string; readonly at: string }[];
    }
  | {
      readonly is: "receipt";
      readonly origin: string;
      readonly index: number;
      readonly entry: unknown;
      readonly cosigned: readonly { readonly by: string; readonly at: string }[];
    }
  | ({ readonly is: "evidence" } & Verdict);

/**
 * Verifies whatever lies at `path`. Throws a `LedgerError` that says what is wrong.
 *
 * @param uncosigned takes a log or a receipt that the other bureau or the supervisor has not cosigned.
 */
export function verifyPath(path: string, keyring: Trusted, uncosigned: boolean = false): Verified {
  if (!existsSync(path)) throw new SetupError(`${path} does not exist`);
  if (lstatSync(path).isDirectory()) return verifyFolder(path, keyring, uncosigned);
  const bytes = readLedgerFile(path) ?? new Uint8Array();
  return isReceipt(bytes)
    ? verifyReceiptFile(bytes, keyring, uncosigned)
    : { is: "evidence", ...verifyEvidence(bytes, keyring) };
}

/** The entries of an exported log, as JSON; nothing is verified. */
export function* shownEntries(folder: string): Generator<unknown> {
  for (const { bytes } of entriesOf(viewOf(folder))) yield readable(parseEntry(bytes));
}

/** The entries of an exported log that `verifyPath` found well. Throws what it throws. */
export function verifiedEntries(
  folder: string,
  keyring: Trusted,
  uncosigned: boolean = false,
): { readonly origin: string; readonly entries: Iterable<Entry> } {
  const { origin } = parseCheckpoint(parseNote(viewOf(folder).note).text);
  verifyFolder(folder, keyring, uncosigned);
  return { origin, entries: parsedEntries(folder) };
}

function* parsedEntries(folder: string): Generator<Entry> {
  for (const { bytes } of entriesOf(viewOf(folder))) yield parseEntry(bytes);
}

/** A receipt of one entry, for `verifyPath`. */
export function receiptOf(folder: string, index: number): Uint8Array {
  const { note, tiles } = viewOf(folder);
  const { size, origin } = parseCheckpoint(parseNote(note).text);
  if (index >= size) throw new SetupError(`${origin} has ${size} entries: 0 to ${size - 1}`);
  for (const { bytes, index: at } of entriesOf({ note, tiles }))
    if (at === index)
      return formatReceipt({
        entry: bytes,
        index,
        proof: proveInclusion(tiles, size, index),
        note,
      });
  throw new SetupError(`${folder}: entry ${index} is missing`);
}

/** Checks both logs whole, and then one against the other. */
export function comparePaths(first: string, second: string, keyring: Keyring): Difference[] {
  const views = [first, second].map((folder) => {
    const view = viewOf(folder);
    checkLog(view, identityOf(view, keyring));
    return view;
  });
  return compareLogs(views[0] as LogView, views[1] as LogView, keyring);
}

/** Writes the evidence of each difference that has any; gives the files' names. */
export function writeEvidence(differences: readonly Difference[], folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return differences.flatMap(({ evidence }, at) => {
    if (evidence === undefined) return [];
    const file = join(folder, `${at + 1}-${evidence.kind}.evidence`);
    writePublic(file, encodeEvidence(evidence));
    return [file];
  });
}

function verifyFolder(folder: string, keyring: Trusted, uncosigned: boolean): Verified {
  const view = viewOf(folder);
  const log = identityOf(view, keyring);
  const { checkpoint, kinds } = checkLog(view, log, witnessKeys(keyring, log));
  if (!uncosigned) requireCosigned(checkpoint, keyring);
  const { origin, size, root } = checkpoint;
  const report = { origin, size, root: Buffer.from(root).toString("base64") };
  return {
    is: "log",
    ...report,
    kinds: Object.fromEntries(kinds),
    cosigned: cosignersOf(checkpoint),
  };
}

function verifyReceiptFile(bytes: Uint8Array, keyring: Trusted, uncosigned: boolean): Verified {
  const { note } = parseReceipt(bytes);
  const log = identityOf({ note }, keyring);
  const { entry } = verifyReceipt(bytes, log, []);
  const checkpoint = openCheckpoint(note, log, witnessKeys(keyring, log));
  if (!uncosigned) requireCosigned(checkpoint, keyring);
  const cosigned = cosignersOf(checkpoint);
  return { is: "receipt", origin: log.origin, index: entry.seq, entry: readable(entry), cosigned };
}

function viewOf(folder: string): LogView {
  return exportedLog((path) => readLedgerFile(join(folder, path)));
}

function identityOf({ note }: Pick<LogView, "note">, { logs }: Keyring): Keyring["logs"][number] {
  const { origin } = parseCheckpoint(parseNote(note).text);
  const log = logs.find((each) => each.origin === origin);
  if (log === undefined)
    throw new SetupError(`the rosters given have no bureau whose log is ${origin}`);
  return log;
}

/** All but the log's own: nobody witnesses for themselves. */
function witnessKeys({ witnesses }: Keyring, { party }: Keyring["logs"][number]) {
  return witnesses.filter((each) => each.party !== party).map(({ key }) => key);
}

function requireCosigned(checkpoint: OpenedCheckpoint, { cosigners }: Trusted): void {
  const [, network = "", party = ""] = /^(.*)\/([^/]*)$/.exec(checkpoint.origin) ?? [];
  const own = witnessName(network, party);
  const signed = checkpoint.cosignatures.map(({ key }) => key.name);
  const missing = [...cosigners].filter((name) => name !== own && !signed.includes(name));
  if (missing.length > 0)
    throw new LedgerError(
      "unsigned",
      `${checkpoint.origin}: its checkpoint is not cosigned by ${missing.join(" and ")}; ` +
        "--uncosigned takes it all the same",
    );
}

function cosignersOf({ cosignatures }: ReturnType<typeof openCheckpoint>) {
  return cosignatures.map(({ key, time }) => ({
    by: key.name,
    at: new Date(time * 1000).toISOString(),
  }));
}

/** Parties by network and name, with the key that each roster has for them, each key once. */
function namesOf(rosters: readonly Roster[], wanted: (party: Party) => boolean) {
  const found = new Map<string, { network: string; name: string; keys: VerifyingKey[] }>();
  for (const { network, parties } of rosters)
    for (const party of parties.filter(wanted)) {
      const place = logOrigin(network, party.name);
      const known = found.get(place) ?? { network, name: party.name, keys: [] };
      const key = verifyingKeyOf(party);
      if (!known.keys.some((each) => Buffer.compare(each.bytes, key.bytes) === 0))
        known.keys.push(key);
      found.set(place, known);
    }
  return [...found.values()];
}

/** Bytes as hexadecimal digits, everything else as it is. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readable(each)]));
}
