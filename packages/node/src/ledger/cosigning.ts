/**
 * Has the log's checkpoints cosigned: after commits, at most once a second, by both witnesses at
 * once, and publishes what they signed. A witness that is absent holds nobody up.
 */
import { ProtocolError } from "@moiety/kit";
import { formatNote, LedgerError, type Log, type NoteSignature, parseNote } from "@moiety/ledger";
import { BackOff } from "../back-off.ts";
import { logFailure, type NodeContext } from "../context.ts";
import type { Cosigner } from "./cosigner.ts";
import { witnessKey } from "./identities.ts";

const ROUND_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;

interface Visited {
  readonly cosigner: Cosigner;
  readonly backOff: BackOff;
  /** Ends the pause after a failure. */
  rest: (() => void) | undefined;
  trouble: string | undefined;
}

export class Cosigning {
  readonly #context: NodeContext;
  readonly #log: () => Log;
  readonly #visited: readonly Visited[];
  /** Told after each round. */
  readonly #after: () => void;
  #running: Promise<void> | undefined;
  /** Ends the pause after a round. */
  #pause: (() => void) | undefined;
  #wanted = false;
  #closed = false;

  constructor(
    context: NodeContext,
    log: () => Log,
    cosigners: readonly Cosigner[],
    after: () => void = () => {},
  ) {
    this.#context = context;
    this.#log = log;
    this.#after = after;
    this.#visited = cosigners.map((cosigner) => {
      const backOff = new BackOff(context.rng, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
      return { cosigner, backOff, rest: undefined, trouble: undefined };
    });
  }

  /** Begins a round, or has one follow the one under way. */
  begin(): void {
    if (this.#closed) return;
    this.#wanted = true;
    if (this.#running !== undefined || this.#pause !== undefined) return;
    this.#wanted = false;
    this.#running = this.#round().finally(() => {
      this.#running = undefined;
      if (this.#closed) return;
      this.#pause = this.#context.clock.after(ROUND_MS, () => {
        this.#pause = undefined;
        if (this.#wanted) this.begin();
      });
    });
  }

  /** What keeps witnesses from cosigning, absence aside. */
  get troubles(): readonly string[] {
    return this.#visited.flatMap(({ trouble }) => trouble ?? []);
  }

  /** Resolves when the round under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pause?.();
    for (const { rest } of this.#visited) rest?.();
    await this.#running;
  }

  async #round(): Promise<void> {
    let note: Uint8Array;
    const size = this.#log().size;
    try {
      note = this.#log().checkpoint();
    } catch {
      return; // it has stopped, which its owner tells
    }
    const lines: NoteSignature[] = [];
    await Promise.all(this.#visited.map((each) => this.#visit(each, note, size, lines)));
    this.#after();
  }

  async #visit(
    visited: Visited,
    note: Uint8Array,
    size: number,
    lines: NoteSignature[],
  ): Promise<void> {
    const { cosigner, backOff } = visited;
    if (visited.rest !== undefined) return;
    try {
      if (!this.#isUp(cosigner.name)) throw new Absent();
      lines.push(await cosigner.cosign(note, size));
      backOff.reset();
      visited.trouble = undefined;
      if (!this.#closed) await this.#publish(note, lines);
    } catch (error) {
      this.#failed(visited, error);
    }
  }

  /** Asking for a link that is not up would wait for it, and hold up the other witness. */
  #isUp(name: string): boolean {
    return this.#context.links.states[name] === "up";
  }

  async #publish(note: Uint8Array, lines: readonly NoteSignature[]): Promise<void> {
    const { parties } = this.#context;
    const { text, signatures } = parseNote(note);
    const cosigned = formatNote({ text, signatures: [...signatures, ...lines] });
    const keys = this.#visited.map(({ cosigner }) => witnessKey(parties, cosigner.name));
    await this.#log().publish(cosigned, keys);
  }

  #failed(visited: Visited, error: unknown): void {
    if (this.#closed) return;
    const { log, clock } = this.#context;
    if (error instanceof LedgerError) {
      if (visited.trouble !== error.message) log.error({ detail: error.message }, "not cosigned");
      visited.trouble = error.message;
    } else if (error instanceof ProtocolError && error.code !== "lost") logFailure(log, error);
    else if (!(error instanceof Absent || error instanceof ProtocolError)) logFailure(log, error);
    const pauseMs = visited.backOff.next();
    const wake = clock.after(pauseMs, () => {
      visited.rest = undefined;
      this.begin();
    });
    visited.rest = wake;
  }
}

/** A witness that is not connected: no failure to tell of, the links do. */
class Absent extends Error {}
