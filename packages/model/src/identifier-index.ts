/**
 * Which identifiers were seen, and where: an open-addressing table over row numbers, 12 to 20 bytes
 * a row beside the identifiers themselves, where a `Map` of strings would take hundreds.
 */
export class IdentifierIndex {
  /** The identifiers in the order in which they were added; the array is the result, not a copy. */
  readonly identifiers: Uint8Array[] = [];
  /** Line of each identifier. */
  #lines: Uint32Array = new Uint32Array(1024);
  /** Row + 1, or 0 for empty; a power of two of slots, at most half of them taken. */
  #slots: Uint32Array = new Uint32Array(2048);

  /** Adds an identifier seen on `line`; returns the line where the same was seen before, if any. */
  add(identifier: Uint8Array, line: number): number | undefined {
    const slot = this.#slotOf(identifier);
    const taken = this.#slots[slot]!;
    if (taken !== 0) return this.#lines[taken - 1]!;
    this.#slots[slot] = this.identifiers.push(identifier);
    if (this.identifiers.length === this.#lines.length) this.#grow();
    this.#lines[this.identifiers.length - 1] = line;
    return undefined;
  }

  /** The slot that holds this identifier, or the empty one where it belongs. */
  #slotOf(identifier: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = hash(identifier) & mask;
    for (;;) {
      const taken = this.#slots[slot]!;
      if (taken === 0 || Buffer.compare(this.identifiers[taken - 1]!, identifier) === 0)
        return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const lines = new Uint32Array(this.#lines.length * 2);
    lines.set(this.#lines);
    this.#lines = lines;
    this.#slots = new Uint32Array(this.#slots.length * 2);
    this.identifiers.forEach((identifier, row) => {
      this.#slots[this.#slotOf(identifier)] = row + 1;
    });
  }
}

/** FNV-1a, 32 bits, with a final mix because only the low bits pick a slot. */
function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
