/** One entry of a log: its bytes are a Merkle leaf, and have one form only. */
import { leafHash, saltedDigest } from "@moiety/crypto";
import { type Codec, integer, object, oneOf, uint32, type Wire } from "@moiety/kit";
import { decodeAs, decodeLoose, encodeAs } from "./canonical.ts";
import { bodyCodec, ENTRY_KINDS, type EntryBody, type EntryKind } from "./entry-kinds.ts";
import { sequence } from "./fields.ts";
import { LedgerError } from "./ledger-error.ts";

/** Bounds what a log takes; a bundle could hold 65,535. */
export const MAX_ENTRY_BYTES: number = 8192;
/** The version of this layout. */
const FORMAT = 1;

/** What is to be logged; the log adds number and time. */
export type Draft = {
  readonly [K in EntryKind]: { readonly kind: K; readonly body: EntryBody<K> };
}[EntryKind];

/** `seq` is the leaf's index. `at`: seconds since 1970; no entry's is below the one before. */
export type Entry = Draft & { readonly seq: number; readonly at: number };

/** Canonical MessagePack. Throws a `LedgerError` for what no entry may hold. */
export function encodeEntry({ kind, seq, at, body }: Entry): Uint8Array {
  checkSense({ kind, body } as Draft);
  const bytes = encodeAs(codecOf(kind), { v: FORMAT, kind, seq, at, body }, "entry");
  if (bytes.length > MAX_ENTRY_BYTES) throw tooLong();
  return bytes;
}

/** Throws a `LedgerError` for anything that `encodeEntry` would not have written. */
export function parseEntry(bytes: Uint8Array): Entry {
  if (bytes.length > MAX_ENTRY_BYTES) throw tooLong();
  const codec = codecOf(kindIn(decodeLoose(bytes, "entry")));
  const { kind, seq, at, body } = decodeAs(codec, bytes, "entry");
  const entry = { kind, seq, at, body } as Entry;
  checkSense(entry);
  return entry;
}

/** RFC 6962's hash of the entry as a leaf. */
export function entryHash(entry: Uint8Array): Uint8Array {
  return leafHash(entry);
}

/**
 * How entries name what they must not show: `what` says what it is, e.g. `consent`. The salt is
 * 32 fresh random bytes that the person concerned is given.
 */
export function commitment(what: string, salt: Uint8Array, data: Uint8Array): Uint8Array {
  return saltedDigest(`moiety/ledger/1/${what}`, salt, data);
}

interface Framed {
  readonly v: number;
  readonly kind: EntryKind;
  readonly seq: number;
  readonly at: number;
  readonly body: EntryBody<EntryKind>;
}

const CODECS = new Map(
  ENTRY_KINDS.map((kind) => {
    const body = bodyCodec(kind) as Codec<EntryBody<EntryKind>>;
    const fields = { v: integer(FORMAT, FORMAT), kind: oneOf([kind]), seq: sequence, at: uint32 };
    return [kind, object({ ...fields, body }) as Codec<Framed>];
  }),
);

function codecOf(kind: string): Codec<Framed> {
  const codec = CODECS.get(kind as EntryKind);
  if (codec === undefined) throw new LedgerError("malformed", "entry: of no known kind");
  return codec;
}

function kindIn(wire: Wire): string {
  const kind = (wire as { readonly kind?: Wire } | undefined)?.kind;
  return typeof kind === "string" ? kind : "";
}

/** What codecs cannot say. */
function checkSense(draft: Draft): void {
  if (draft.kind === "intent" && draft.body.people !== 1)
    throw new LedgerError("malformed", "intent: about one person; a block of several is a batch");
  if (draft.kind === "fee") {
    const sum = draft.body.parts.reduce((total, { amount }) => total + amount, 0);
    if (sum !== draft.body.amount)
      throw new LedgerError("malformed", "fee: its parts do not add up to its amount");
  }
}

function tooLong(): LedgerError {
  return new LedgerError("malformed", `entry: longer than ${MAX_ENTRY_BYTES} bytes`);
}
