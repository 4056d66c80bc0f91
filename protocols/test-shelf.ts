/** A bureau's shelf in memory, with the rules that `DepositShelf` states. */
import { constantTimeEqual, merkleRoot } from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import { ChunkError, type OpenedChunk, openedRows, type Side } from "./deposit/chunk.ts";
import {
  baseDigest,
  chunkCount,
  type DepositBase,
  type DepositHeader,
  verifyHeader,
} from "./deposit/header.ts";
import type { DepositShelf, Offer } from "./deposit/protocol.ts";
import { digestOf, platformKey, rootOn } from "./test-deposits.ts";

interface Staged {
  readonly bytes: Uint8Array;
  readonly header: DepositHeader;
  readonly chunks: Map<number, OpenedChunk>;
  complete: boolean;
}

export class MemoryShelf implements DepositShelf {
  readonly #side: Side;
  readonly #versions = new Map<number, Staged>();

  constructor(side: Side) {
    this.#side = side;
  }

  async open({ header, bytes, signature, catalogue }: Offer): Promise<boolean[]> {
    if (!verifyHeader({ bytes, signature }, platformKey.verifyingKey))
      throw new Refusal("refused", "wrong signature");
    if (!constantTimeEqual(digestOf(catalogue), header.catalogue))
      throw new Refusal("refused", "another catalogue than the header names");
    if (header.base !== undefined) this.#checkBase(header.base);
    const known = this.#versions.get(header.version) ?? {
      bytes,
      header,
      chunks: new Map<number, OpenedChunk>(),
      complete: false,
    };
    if (!constantTimeEqual(known.bytes, bytes))
      throw new Refusal("conflict", "the version is known with another content");
    this.#versions.set(header.version, known);
    return Array.from({ length: chunkCount(header) }, (_, index) => known.chunks.has(index));
  }

  #checkBase({ version, header }: DepositBase): void {
    const base = this.#versions.get(version);
    if (base?.complete !== true || !constantTimeEqual(baseDigest(base.bytes), header))
      throw new Refusal("conflict", "the base is not held");
  }

  async put({ header }: Offer, chunk: OpenedChunk): Promise<void> {
    const { chunks } = this.#staged(header.version);
    const held = chunks.get(chunk.index);
    if (held !== undefined && !constantTimeEqual(held.root, chunk.root))
      throw new ChunkError(`chunk ${chunk.index} is held with another content`);
    chunks.set(chunk.index, chunk);
  }

  async complete({ header }: Offer): Promise<void> {
    const staged = this.#staged(header.version);
    const chunks = this.#inOrder(header.version);
    const sound =
      chunks.length === chunkCount(header) &&
      chunks.every(({ records }, i) => i === 0 || rises(chunks[i - 1] as OpenedChunk, records)) &&
      constantTimeEqual(merkleRoot(chunks.map(({ root }) => root)), rootOn(this.#side, header));
    if (!sound) {
      staged.chunks.clear();
      throw new ChunkError("the records are not those of the root in the signed header");
    }
    staged.complete = true;
  }

  /** Everybody in a complete version, deltas applied to what they change: name → packed shares. */
  content(version: number): Map<string, Uint8Array> {
    const { header } = this.#staged(version);
    const content = header.base ? this.content(header.base.version) : new Map();
    for (const { records } of this.#inOrder(version))
      for (const { pseudonym, shares } of openedRows(records, header.features)) {
        const name = Buffer.from(pseudonym).toString("hex");
        if (shares === undefined) content.delete(name);
        else content.set(name, shares);
      }
    return content;
  }

  /** All rows of a complete version, one after the other, or undefined. */
  records(version: number): Uint8Array | undefined {
    if (this.#versions.get(version)?.complete !== true) return undefined;
    return Buffer.concat(this.#inOrder(version).map(({ records }) => records));
  }

  /** Indices of the chunks held. */
  held(version: number): number[] {
    return this.#inOrder(version).map(({ index }) => index);
  }

  #inOrder(version: number): OpenedChunk[] {
    const chunks = this.#versions.get(version)?.chunks.values() ?? [];
    return [...chunks].sort((x, y) => x.index - y.index);
  }

  #staged(version: number): Staged {
    const staged = this.#versions.get(version);
    if (staged === undefined) throw new RangeError(`version ${version} was never offered`);
    return staged;
  }
}

function rises(before: OpenedChunk, next: Uint8Array): boolean {
  const { records } = before;
  const stride = records.length / 1024;
  const last = records.subarray(records.length - stride, records.length - stride + 32);
  return Buffer.compare(last, next.subarray(0, 32)) < 0;
}
