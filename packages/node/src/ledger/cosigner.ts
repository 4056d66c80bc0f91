/** One witness as the log sees it: what it has seen, and what it has to be shown. */
import type { ProtocolError } from "@moiety/kit";
import {
  formatAddCheckpoint,
  formatNote,
  LedgerError,
  type Log,
  type NoteSignature,
  openCheckpoint,
  parseNote,
  parseSignatureLine,
} from "@moiety/ledger";
import { witness as protocol } from "@moiety/protocols";
import type { NodeContext } from "../context.ts";
import { logIdentity, witnessKey } from "./identities.ts";

/** Sizes that a witness may tell one after the other before it is left for later. */
const MAX_ROUNDS = 4;
/** A size in decimal digits. */
const SIZE = /^(0|[1-9]\d{0,15})$/;

export class Cosigner {
  readonly name: string;
  readonly #context: NodeContext;
  readonly #log: () => Log;
  /** The size at which this witness knows the log. */
  #known = 0;
  #greeted = false;
  #cosignedAtMs: number | undefined;

  constructor(context: NodeContext, log: () => Log, name: string) {
    this.#context = context;
    this.#log = log;
    this.name = name;
  }

  /** Whether the witness has told, in the life of this process, what it has seen. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** Entries of the last checkpoint that it cosigned. */
  get size(): number {
    return this.#known;
  }

  /** Milliseconds since 1970; undefined as long as this process has had no cosignature. */
  get cosignedAtMs(): number | undefined {
    return this.#cosignedAtMs;
  }

  /**
   * Asks what the witness has cosigned last, and holds the log to it; the witness is shown what is
   * published, in case that it is the one who has forgotten.
   *
   * @throws LedgerError "rolled-back" where this log signed it and does not hold it: it has stopped.
   */
  async greet(): Promise<void> {
    const published = Uint8Array.from(this.#log().published() ?? []);
    const { outcome, body } = await this.#ask("latest", published);
    if (outcome === "refused") throw refusal(this.name, body);
    if (body.length > 0) {
      this.#log().mustExtend(body);
      this.#known = Number(parseNote(body).text.split("\n")[1]);
    } else this.#known = 0; // it may have lost its store
    this.#greeted = true;
  }

  /** The witness's line under this checkpoint, verified. Rejects where there is none to be had. */
  async cosign(note: Uint8Array, size: number): Promise<NoteSignature> {
    if (!this.#greeted) await this.greet();
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      // A size above this one's: of a moment ago, and this log's own, for `greet` has looked.
      const oldSize = Math.min(this.#known, size);
      const proof = this.#log().proveConsistency(oldSize, size);
      const { outcome, body } = await this.#ask(
        "cosign",
        formatAddCheckpoint({ oldSize, proof, note }),
      );
      if (outcome === "refused") throw refusal(this.name, body);
      if (outcome === "cosigned") return this.#accept(note, size, body);
      await this.#learn(body);
    }
    throw new LedgerError("inconsistent", `${this.name} tells another size each time it is asked`);
  }

  async #learn(body: Uint8Array): Promise<void> {
    const words = Buffer.from(body).toString("latin1");
    if (!SIZE.test(words)) throw new LedgerError("malformed", `${this.name} told no size`);
    const told = Number(words);
    // Behind what it has cosigned: it was restored, and is shown its own signature first.
    if (told !== this.#known) await this.greet();
    else throw new LedgerError("inconsistent", `${this.name} contradicts itself about a size`);
  }

  #accept(note: Uint8Array, size: number, body: Uint8Array): NoteSignature {
    const { parties, config, clock } = this.#context;
    const lines = Buffer.from(body).toString("utf8").split("\n").slice(0, -1);
    const [line, ...more] = lines.map(parseSignatureLine);
    if (line === undefined || more.length > 0)
      throw new LedgerError("malformed", `${this.name} sent no signature line, or several`);
    const { text, signatures } = parseNote(note);
    const signed = formatNote({ text, signatures: [...signatures, line] });
    const key = witnessKey(parties, this.name);
    const log = logIdentity(parties, config.name);
    if (openCheckpoint(signed, log, [key]).cosignatures.length !== 1)
      throw new LedgerError("unsigned", `${this.name} sent another's signature line`);
    this.#known = size;
    this.#cosignedAtMs = clock.now();
    return line;
  }

  #ask(purpose: protocol.Purpose, body: Uint8Array): Promise<protocol.WitnessReply> {
    const { switchboard, config } = this.#context;
    const roles = { log: config.name, witness: this.name };
    return switchboard.run(protocol.witness, "log", roles, (session) =>
      protocol.log(session, { purpose, body }),
    );
  }
}

/** What a witness has against the log; `ProtocolError`s are about reaching it. */
function refusal(name: string, body: Uint8Array): LedgerError | ProtocolError {
  const reason = Buffer.from(body)
    .toString("utf8")
    .slice(0, 500)
    .replace(/\p{Cc}/gu, " ");
  return new LedgerError("refused", `${name} does not cosign: ${reason}`);
}
