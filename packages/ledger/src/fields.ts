/** Codecs of what entries, promises and evidence are made of, beside kit's. */
import { DIGEST_BYTES } from "@moiety/crypto";
import { bytes, type Codec, fixedBytes, WireError } from "@moiety/kit";
import { MAX_PROOF_HASHES } from "./tree.ts";

/** A size, index or sequence number: below 2^53, in eight bytes, big-endian. */
export const sequence: Codec<number> = {
  toWire(value, path) {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new WireError(path, "not a whole number below 2^53");
    const wire = Buffer.alloc(8);
    wire.writeBigUInt64BE(BigInt(value));
    return new Uint8Array(wire);
  },
  fromWire(wire, path) {
    const value = Number(Buffer.from(fixedBytes(8).fromWire(wire, path)).readBigUInt64BE());
    if (Number.isSafeInteger(value)) return value;
    throw new WireError(path, "not a whole number below 2^53");
  },
};

/** A SHA-256 digest. Of anything that could be guessed: salted. */
export const digest: Codec<Uint8Array> = fixedBytes(DIGEST_BYTES);

/** The hashes of a proof, packed. */
export const hashes: Codec<readonly Uint8Array[]> = {
  toWire: (value, path) => packedHashes.toWire(new Uint8Array(Buffer.concat(value)), path),
  fromWire(wire, path) {
    const packed = packedHashes.fromWire(wire, path);
    return Array.from({ length: packed.length / DIGEST_BYTES }, (_, at) =>
      packed.slice(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES),
    );
  },
};

const packedHashes = bytes(MAX_PROOF_HASHES * DIGEST_BYTES, { unit: DIGEST_BYTES });
