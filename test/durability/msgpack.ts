/** A reader of MessagePack that shares nothing with the protocol's own (and is lenient: it proves nothing). */

export type Value = number | boolean | string | Uint8Array | Value[] | { [key: string]: Value };
export type Fields = { readonly [key: string]: Value };

/** A map with text keys; undefined for anything else, and for bytes that are left over. */
export function readMap(bytes: Uint8Array): Fields | undefined {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  try {
    const value = reader.value();
    const isMap = typeof value === "object" && !Array.isArray(value);
    return isMap && !(value instanceof Uint8Array) && reader.ended ? value : undefined;
  } catch {
    return undefined;
  }
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(): Value {
    const head = this.#uint(1);
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 15);
    if (head < 0xa0) return this.#list(head & 15);
    if (head < 0xc0) return this.#take(head & 31).toString("utf8");
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#uint(1 << (head - 0xc4)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (head - 0xcc));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#take(this.#uint(1 << (head - 0xd9))).toString("utf8");
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(head === 0xdc ? 2 : 4));
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(head === 0xde ? 2 : 4));
      default:
        throw new Error(`type ${head} is not among those that are spoken`);
    }
  }

  #map(size: number): { [key: string]: Value } {
    const map: { [key: string]: Value } = {};
    for (let i = 0; i < size; i += 1) map[String(this.value())] = this.value();
    return map;
  }

  #list(size: number): Value[] {
    return Array.from({ length: size }, () => this.value());
  }

  #uint(bytes: number): number {
    return this.#take(bytes).readUIntBE(0, bytes);
  }

  #take(bytes: number): Buffer {
    if (this.#at + bytes > this.#bytes.length) throw new Error("cut short");
    this.#at += bytes;
    return this.#bytes.subarray(this.#at - bytes, this.#at);
  }
}
