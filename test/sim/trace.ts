/** What happened in a run, in order: lines to read, and a digest over these and all that was sent. */
import { createHash } from "node:crypto";

export class Trace {
  readonly lines: string[] = [];
  readonly #hash = createHash("sha256");
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Something that a reader wants to know. */
  note(words: string): void {
    const line = `${(this.#now() / 1000).toFixed(3).padStart(9)} ${words}`;
    this.lines.push(line);
    this.#hash.update(`${line}\n`);
  }

  /** Something that only has to be the same. */
  absorb(words: string, bytes: Uint8Array): void {
    this.#hash.update(`${this.#now()} ${words} ${bytes.length}\n`).update(bytes);
  }

  digest(): string {
    return this.#hash.copy().digest("hex");
  }
}
