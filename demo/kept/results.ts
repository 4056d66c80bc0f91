/** Single inquiries as they were answered, kept at once: the next run asks only for the others. */
import { closeSync, fdatasyncSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { MAX_SCORE } from "@moiety/model";
import { SetupError } from "@moiety/node";

/** The score of one of the people, by position in the list of whom to score. */
export interface Result {
  readonly person: number;
  readonly score: number;
  /** How long the inquiry took. */
  readonly ms: number;
}

const LINE = /^(\d{1,9}),(\d{1,4}),(\d+(?:\.\d+)?)$/;

/** An append-only file; one line a person, a line that was cut off by the end of a run is dropped. */
export class Results {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #found = new Map<number, Result>();

  /** Throws `SetupError` for a file that no run wrote. `people`: how many there are to score. */
  constructor(file: string, people: number) {
    this.#file = file;
    this.#descriptor = openSync(file, "a+", 0o600);
    const content = readFileSync(file, "utf8");
    const whole = content.lastIndexOf("\n") + 1;
    // ASCII only, so that characters are bytes.
    if (whole < content.length) truncateSync(file, whole);
    const lines = content.slice(0, whole).split("\n").slice(0, -1);
    for (const [at, line] of lines.entries()) this.#take(line, at + 1, people);
  }

  get size(): number {
    return this.#found.size;
  }

  of(person: number): Result | undefined {
    return this.#found.get(person);
  }

  /** Those of the range for whom there is no score yet, in order. */
  pending(from: number, to: number): number[] {
    const people = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
    return people.filter((person) => !this.#found.has(person));
  }

  /** On disk when this returns. */
  append(result: Result): void {
    const { person, score, ms } = result;
    writeSync(this.#descriptor, `${person},${score},${ms}\n`);
    fdatasyncSync(this.#descriptor);
    this.#found.set(person, result);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #take(line: string, number: number, people: number): void {
    const [, person, score, ms] = LINE.exec(line) ?? [];
    const result = { person: Number(person), score: Number(score), ms: Number(ms) };
    const fits = result.person < people && result.score <= MAX_SCORE;
    if (!fits || this.#found.has(result.person))
      throw new SetupError(`${this.#file}: line ${number} is damaged: run with --fresh`);
    this.#found.set(result.person, result);
  }
}
