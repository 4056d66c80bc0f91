/** All lines of versions at a bureau, in memory and in the store. */
import { key, type Store, type Table } from "../store.ts";
import { type Entry, Line, readEntry, writeEntry } from "./line.ts";

export class Lines {
  /** (domain, epoch, version) → entry. */
  readonly #table: Table;
  readonly #lines = new Map<string, Line>();

  /** Reads the store; nothing is judged yet. */
  constructor(store: Store, nowMs: number) {
    this.#table = store.table("deposit-versions");
    for (const { value } of this.#table.getRange()) {
      const entry = readEntry(value, nowMs);
      this.at(entry.header.domain, entry.header.epoch).set(entry);
    }
  }

  all(): Line[] {
    return [...this.#lines.values()];
  }

  /** Whether some version names this catalogue (digest). */
  names(catalogue: Uint8Array): boolean {
    return this.all().some((line) =>
      line.entries().some(({ header }) => Buffer.compare(header.catalogue, catalogue) === 0),
    );
  }

  find(domain: string, epoch: number): Line | undefined {
    return this.#lines.get(nameOf(domain, epoch));
  }

  /** The line, made if there is none yet. */
  at(domain: string, epoch: number): Line {
    const known = this.find(domain, epoch);
    if (known !== undefined) return known;
    const line = new Line(domain, epoch);
    this.#lines.set(nameOf(domain, epoch), line);
    return line;
  }

  /** Forgets a line of which nothing is left. */
  forget({ domain, epoch }: Line): void {
    this.#lines.delete(nameOf(domain, epoch));
  }

  /** The entry as the store has it, also within a transaction. */
  read(header: Entry["header"]): Buffer | undefined {
    return this.#table.get(placeOf(header));
  }

  /** Within a transaction, or to be awaited. The line in memory is the caller's to change. */
  write(entry: Entry): Promise<boolean> {
    return this.#table.put(placeOf(entry.header), writeEntry(entry));
  }

  /** As `write`. */
  remove({ header }: Entry): Promise<boolean> {
    return this.#table.remove(placeOf(header));
  }
}

function placeOf({ domain, epoch, version }: Entry["header"]): Buffer {
  return key(domain, epoch, version);
}

function nameOf(domain: string, epoch: number): string {
  return `${domain}/${epoch}`;
}
