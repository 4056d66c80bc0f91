import { inspect } from "node:util";

/**
 * Bytes that must not be printed: a key, a seed, a share. Whatever formats the wrapper (string
 * conversion, `JSON.stringify`, `console.log`, an error's properties) sees `[secret]`.
 *
 * This guards against accidents, not against code in the same process, and `wipe` cannot reach
 * copies that the runtime made.
 */
export class Secret {
  #bytes: Uint8Array | undefined;

  /** Takes over `bytes`: the caller keeps no copy, so that `wipe` wipes the only one. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes themselves, not a copy. Throws an `Error` after `wipe`. */
  reveal(): Uint8Array {
    if (this.#bytes === undefined)
      throw new Error("secret: it was wiped and can no longer be used");
    return this.#bytes;
  }

  /** Overwrites the bytes with zeros and forgets them. May be called again. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
