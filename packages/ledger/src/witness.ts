/**
 * C2SP tlog-witness: cosigns each log's history as long as it only grows. What it has cosigned is on
 * disk before anybody sees the cosignature, so that no crash makes it vouch for two histories.
 */
import { constantTimeEqual, merkleRoot, verifyConsistency } from "@moiety/crypto";
import {
  type LogIdentity,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
} from "./checkpoint.ts";
import { LedgerError } from "./ledger-error.ts";
import {
  formatNote,
  formatSignatureLine,
  type NoteSignature,
  parseNote,
  rightLines,
  signText,
} from "./note.ts";
import { COSIGNATURE, type NoteKey, type NoteSigner } from "./note-key.ts";
import { type AddCheckpoint, parseAddCheckpoint, type WitnessAnswer } from "./witness-request.ts";

/** What a witness keeps: for each log the last note that it cosigned, its own line included. */
export interface WitnessStore {
  latest(origin: string): Uint8Array | undefined;
  /**
   * Puts `next` in the place of `previous` in one transaction; resolves when that is on disk, with
   * false (and nothing written) if what is there is not `previous` any more.
   */
  replace(origin: string, previous: Uint8Array | undefined, next: Uint8Array): Promise<boolean>;
}

export interface WitnessSettings {
  readonly signer: NoteSigner;
  readonly store: WitnessStore;
  /** The logs that this witness knows, as the roster has them now. */
  readonly logs: () => readonly LogIdentity[];
  readonly nowMs: () => number;
  /** Keys under which it cosigned before. */
  readonly former?: readonly NoteKey[];
  /**
   * Told of a checkpoint that its log signed, of the size that was cosigned last and with another
   * root: the two are a fork (`forkOf`). Of another size nothing follows from a proof that fails:
   * anybody can bring a wrong one. The log's entries show it (`divergence`).
   */
  readonly onContradiction?: (note: Uint8Array, known: Uint8Array) => void;
}

/** The last checkpoint that was cosigned of a log, and when. */
interface Known {
  readonly note: Uint8Array | undefined;
  readonly size: number;
  readonly root: Uint8Array;
  readonly time: number;
}

export class Witness {
  readonly #settings: WitnessSettings;

  constructor(settings: WitnessSettings) {
    if (settings.signer.public.type !== COSIGNATURE)
      throw new RangeError("a witness signs with a cosigner's key");
    this.#settings = settings;
  }

  /** Answers the body of one `add-checkpoint`. Rejects only if the store does. */
  async answer(body: Uint8Array): Promise<WitnessAnswer> {
    try {
      return await this.addCheckpoint(parseAddCheckpoint(body));
    } catch (error) {
      if (error instanceof LedgerError) return { status: 400, reason: error.message };
      throw error;
    }
  }

  /** As `answer`, for a request that needs no parsing. */
  async addCheckpoint({ oldSize, proof, note }: AddCheckpoint): Promise<WitnessAnswer> {
    const opened = this.#open(note);
    if ("status" in opened) return opened;
    const { origin, size, text } = opened;
    if (oldSize > size) return { status: 400, reason: "old size above the checkpoint's" };
    const known = this.#known(origin);
    if (oldSize !== known.size) return { status: 409, size: known.size };
    const reason = contradiction(known, opened, proof);
    if (reason !== undefined) {
      if (known.note !== undefined && isFork(known, opened))
        this.#settings.onContradiction?.(note, known.note);
      return { status: 422, reason };
    }
    // A clock that is set back must not make an earlier cosignature look later than this one.
    const time = Math.max(known.time, Math.floor(this.#settings.nowMs() / 1000));
    const line = signText(text, this.#settings.signer, time);
    const own = parseNote(note).signatures.filter((each) => isLogs(each, this.#logOf(origin)));
    const next = formatNote({ text, signatures: [...own, line] });
    // Whoever was faster has moved the log on: signing this one now would roll it back.
    if (!(await this.#settings.store.replace(origin, known.note, next)))
      return { status: 409, size: this.#known(origin).size };
    return { status: 200, cosignatures: formatSignatureLine(line) };
  }

  /** The last checkpoint that was cosigned of this log, for monitors, and for the log itself at its start. */
  latest(origin: string): Uint8Array | undefined {
    return this.#settings.store.latest(origin);
  }

  /**
   * To be called at every start with what others have seen last, the log's published checkpoint for
   * one, before anything is cosigned. If this witness's own line is under a later one than its store
   * knows (an old backup was restored), it goes on from there. A note without its line says nothing.
   *
   * @throws LedgerError "malformed"; "inconsistent" when the line contradicts the store's: the
   *   two are evidence against this witness, or its key was stolen. It must cosign nothing more.
   */
  async mustKnow(note: Uint8Array): Promise<void> {
    const { signer, former = [], store } = this.#settings;
    const parsed = parseNote(note);
    const keys = [signer.public, ...former];
    const right = rightLines(parsed, keys);
    const times = right.map(({ time = 0 }) => time);
    if (times.length === 0) return;
    const seen = { ...parseCheckpoint(parsed.text), time: Math.max(...times) };
    const { text, signatures } = parsed;
    // A line in its name that it did not make must not become its word.
    const isKept = (line: NoteSignature): boolean =>
      line.name === seen.origin || rightLines({ text, signatures: [line] }, keys).length > 0;
    const next = formatNote({ text, signatures: signatures.filter(isKept) });
    for (let replaced = false; !replaced; ) {
      const known = this.#known(seen.origin);
      checkOrder(known, seen, signer.public.name);
      const newer = seen.size > known.size || seen.time > known.time;
      replaced = !newer || (await store.replace(seen.origin, known.note, next));
    }
  }

  #logOf(origin: string): LogIdentity | undefined {
    return this.#settings.logs().find((log) => log.origin === origin);
  }

  #open(note: Uint8Array): OpenedCheckpoint | WitnessAnswer {
    try {
      const { origin } = parseCheckpoint(parseNote(note).text);
      const log = this.#logOf(origin);
      if (log === undefined)
        return { status: 404, reason: "a log that this witness does not know" };
      return openCheckpoint(note, log);
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error;
      return { status: error.code === "unsigned" ? 403 : 400, reason: error.message };
    }
  }

  #known(origin: string): Known {
    const note = this.latest(origin);
    if (note === undefined) return { note, size: 0, root: merkleRoot([]), time: 0 };
    // Its own record, not a peer's words: whatever key the log has by now, its text stands.
    const { text, signatures } = parseNote(note);
    const { size, root } = parseCheckpoint(text);
    // Its own lines by their name: under a new key it goes on from the time of the last one.
    const { name } = this.#settings.signer.public;
    const lines = signatures.filter((each) => each.name === name && each.bytes.length >= 8);
    const times = lines.map(({ bytes }) => Number(Buffer.from(bytes).readBigUInt64BE()));
    return { note, size, root, time: Math.max(0, ...times) };
  }
}

/** Why a checkpoint does not follow what is known, or undefined when it does. */
function contradiction(
  known: Known,
  { size, root }: OpenedCheckpoint,
  proof: readonly Uint8Array[],
): string | undefined {
  if (size === 0 && !constantTimeEqual(root, merkleRoot([]))) return "a root of an empty tree";
  if (known.size === 0)
    return proof.length === 0 ? undefined : "a proof from an empty tree, which needs none";
  const claim = {
    firstSize: known.size,
    firstRoot: known.root,
    secondSize: size,
    secondRoot: root,
  };
  return verifyConsistency(claim, proof)
    ? undefined
    : `not consistent with the checkpoint of ${known.size} that was cosigned before`;
}

function isFork(
  known: Pick<Known, "size" | "root">,
  { size, root }: Pick<Known, "size" | "root">,
): boolean {
  return size === known.size && !constantTimeEqual(root, known.root);
}

/** Throws unless what it cosigned and what it knows can both be the word of one honest witness. */
function checkOrder(known: Known, seen: Omit<Known, "note">, name: string): void {
  if (known.note === undefined) return;
  const grew = Math.sign(seen.size - known.size) * Math.sign(seen.time - known.time) >= 0;
  if (grew && !isFork(known, seen)) return;
  const sizes = `${seen.size} entries at ${seen.time}, and ${known.size} at ${known.time}`;
  throw new LedgerError("inconsistent", `${name}: has cosigned ${sizes}, which is a contradiction`);
}

function isLogs(
  { name, id }: { readonly name: string; readonly id: string },
  log: LogIdentity | undefined,
): boolean {
  return log?.keys.some((key) => key.name === name && key.id === id) ?? false;
}
