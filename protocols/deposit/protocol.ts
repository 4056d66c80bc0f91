import { SEALED_OVERHEAD_BYTES, SealError, type SealedKeyPair } from "@moiety/crypto";
import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  Misbehaviour,
  message,
  object,
  type SessionOf,
  uint32,
} from "@moiety/kit";
import { ChunkError, type OpenedChunk, openChunk, type Side } from "./chunk.ts";
import {
  CHUNK_RECORDS,
  chunkCount,
  type DepositHeader,
  MAX_FEATURES,
  MAX_RECORDS,
  parseHeader,
  rowBytes,
  type SignedHeader,
} from "./header.ts";

/** Chunks that the platform sends ahead of their acknowledgement. */
export const CHUNKS_AHEAD: number = 4;
export const MAX_CATALOGUE_BYTES: number = 1 << 16;
const MAX_SEALED_BYTES = 32 + CHUNK_RECORDS * rowBytes(MAX_FEATURES) + SEALED_OVERHEAD_BYTES;
const MAX_BITMAP_BYTES = Math.ceil(MAX_RECORDS / CHUNK_RECORDS / 8);

export interface DepositCost {
  readonly headerBytes: number;
  readonly catalogueBytes: number;
  readonly chunks: number;
  /** Sealed bytes of the chunks that are sent, together with their heads. */
  readonly sealed: readonly number[];
}

export const deposit = defineProtocol({
  name: "deposit",
  version: 2,
  roles: ["platform", "bureau"],
  messages: {
    offer: message(
      "platform",
      "bureau",
      object({
        header: bytes(1024),
        signature: fixedBytes(64),
        catalogue: bytes(MAX_CATALOGUE_BYTES),
      }),
    ),
    held: message("bureau", "platform", object({ chunks: bytes(MAX_BITMAP_BYTES) })),
    chunk: message(
      "platform",
      "bureau",
      object({ index: uint32, sealed: bytes(MAX_SEALED_BYTES) }),
    ),
    stored: message("bureau", "platform", object({ index: uint32 })),
    accepted: message("bureau", "platform", object({ receipt: fixedBytes(64) })),
  },
  limits: { receiveMs: 30_000, receivedBytes: 2 ** 33 },
  cost({ headerBytes, catalogueBytes, chunks, sealed }: DepositCost) {
    const n = sealed.length;
    const map = FRAME_HEADER_BYTES + 1;
    const offer = 7 + binaryBytes(headerBytes) + 10 + binaryBytes(64) + 10;
    const chunkBytes = sealed.reduce((sum, length) => sum + map + 12 + 7 + binaryBytes(length), 0);
    return {
      messages: {
        offer: { count: 1, bytes: map + offer + binaryBytes(catalogueBytes) },
        held: { count: 1, bytes: map + 7 + binaryBytes((chunks + 7) >> 3) },
        ...(n > 0 && {
          chunk: { count: n, bytes: chunkBytes },
          stored: { count: n, bytes: n * (map + 12) },
        }),
        accepted: { count: 1, bytes: map + 8 + binaryBytes(64) },
      },
      rounds: 2 + 2 * Math.ceil(n / CHUNKS_AHEAD),
    };
  },
});

export interface PlatformInput extends SignedHeader {
  readonly header: DepositHeader;
  /** Canonical catalogue whose digest the header names. */
  readonly catalogue: Uint8Array;
  /** The sealed chunk for this bureau: the same bytes at every attempt. */
  sealed(index: number): Uint8Array;
  /** Checks the bureau's receipt, its signature over the header. */
  verifyReceipt(receipt: Uint8Array): boolean;
  /** Told after each acknowledgement: chunks that the bureau holds, of how many. */
  progress?(held: number, chunks: number): void;
}

/** The platform. Output: the bureau's receipt. */
export async function platform(
  session: SessionOf<typeof deposit, "platform">,
  input: PlatformInput,
): Promise<Uint8Array> {
  const bureauName = session.party("bureau");
  const chunks = chunkCount(input.header);
  // 1
  const { bytes: header, signature, catalogue } = input;
  session.send("bureau", "offer", { header, signature, catalogue });
  const held = await session.receive("bureau", "held");
  if (held.chunks.length !== (chunks + 7) >> 3)
    throw new Misbehaviour(bureauName, "malformed", "bitmap of another length");
  // 3: what is missing, a few chunks ahead of the acknowledgements.
  const missing = missingChunks(held.chunks, chunks);
  input.progress?.(chunks - missing.length, chunks);
  for (let acknowledged = 0, sent = 0; acknowledged < missing.length; acknowledged += 1) {
    for (; sent < Math.min(missing.length, acknowledged + CHUNKS_AHEAD); sent += 1) {
      const index = missing[sent] as number;
      session.send("bureau", "chunk", { index, sealed: input.sealed(index) });
    }
    const { index } = await session.receive("bureau", "stored");
    if (index !== missing[acknowledged])
      throw new Misbehaviour(bureauName, "mismatch", "acknowledged another chunk");
    input.progress?.(chunks - missing.length + acknowledged + 1, chunks);
  }
  // 4
  const { receipt } = await session.receive("bureau", "accepted");
  if (!input.verifyReceipt(receipt))
    throw new Misbehaviour(bureauName, "cheat", "receipt with a wrong signature");
  return receipt;
}

/** Where a bureau keeps deposits. Whatever resolves has been synced to disk. */
export interface DepositShelf {
  /**
   * Checks an offer (signature, owner, epoch, version, catalogue; that the session's platform is the
   * header's was checked before) and says which chunks are held; throws `Refusal` for an offer that
   * may not be taken, above all for another header of a version that is known.
   */
  open(offer: Offer): Promise<boolean[]>;
  /**
   * Stores a chunk. Two sessions may offer one deposit at the same time: a chunk that is held already
   * stays as it is, and another one in its place is a `ChunkError`.
   */
  put(offer: Offer, chunk: OpenedChunk): Promise<void>;
  /**
   * Checks root and order over all chunks, makes the version visible; throws `ChunkError`, and
   * forgets the chunks then, so that the platform can send the right ones.
   */
  complete(offer: Offer): Promise<void>;
}

export interface Offer extends SignedHeader {
  readonly header: DepositHeader;
  readonly catalogue: Uint8Array;
}

export interface BureauInput {
  readonly side: Side;
  readonly box: SealedKeyPair;
  readonly shelf: DepositShelf;
  /** This bureau's signature over a header that it holds complete. */
  receipt(header: Uint8Array): Uint8Array;
}

/** A bureau. Output: the header of the version that is now complete. */
export async function bureau(
  session: SessionOf<typeof deposit, "bureau">,
  { side, box, shelf, receipt }: BureauInput,
): Promise<DepositHeader> {
  const platformName = session.party("platform");
  const said = await session.receive("platform", "offer");
  // 2
  const header = headerOf(platformName, said.header);
  // Headers are public: without this, a competitor could spoil the deposit with chunks of its own.
  if (header.platform !== platformName)
    throw new Misbehaviour(platformName, "cheat", "offers the deposit of another platform");
  const { signature, catalogue } = said;
  const offer: Offer = { bytes: said.header, signature, header, catalogue };
  const held = await shelf.open(offer);
  session.send("platform", "held", { chunks: toBitmap(held) });
  // 3
  for (const index of held.keys()) {
    if (held[index]) continue;
    const sent = await session.receive("platform", "chunk");
    if (sent.index !== index)
      throw new Misbehaviour(platformName, "mismatch", "another chunk than the next missing one");
    await blaming(platformName, () =>
      shelf.put(offer, openChunk(sent.sealed, index, side, header, box)),
    );
    session.send("platform", "stored", { index });
  }
  // 4
  await blaming(platformName, () => shelf.complete(offer));
  session.send("platform", "accepted", { receipt: receipt(said.header) });
  return header;
}

function headerOf(platform: string, bytes: Uint8Array): DepositHeader {
  try {
    return parseHeader(bytes);
  } catch (error) {
    throw new Misbehaviour(
      platform,
      "malformed",
      error instanceof Error ? error.message : "header",
    );
  }
}

/** Names the platform for what only it can have done. */
async function blaming<T>(platform: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SealError || error instanceof ChunkError)
      throw new Misbehaviour(platform, "cheat", error.message);
    throw error;
  }
}

/** One bit per chunk, lowest bit first. */
function toBitmap(held: readonly boolean[]): Uint8Array {
  const bitmap = new Uint8Array((held.length + 7) >> 3);
  for (const [index, is] of held.entries())
    if (is) bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7));
  return bitmap;
}

function missingChunks(bitmap: Uint8Array, chunks: number): number[] {
  const missing: number[] = [];
  for (let index = 0; index < chunks; index += 1)
    if ((((bitmap[index >> 3] as number) >> (index & 7)) & 1) === 0) missing.push(index);
  return missing;
}
