import { constantTimeEqual, POINT_MODULUS, saltedDigest } from "@moiety/crypto";
import { MAX_BINS, MAX_CHARACTERISTICS, modelId, type Scorecard } from "@moiety/model";
import type { Side } from "./roster.ts";

/** `bank/name@version`: the model that a commitment, a certificate or an inquiry is about. */
export function modelReference(bank: string, model: Pick<Scorecard, "name" | "version">): string {
  return `${bank}/${modelId(model)}`;
}

/**
 * Commitment to one bureau's half of a model's tables (32 bytes): hiding while the salt is secret, as
 * a half is uniform, but the two of them are not; binding to side and model, so that halves can
 * neither be swapped nor reused for another version.
 *
 * @param salt 32 fresh random bytes, a different one for each side and version.
 * @param tableShare characteristics × 16 entries in 0..1023, as `pointTables`.
 * @param modelRef `modelReference`.
 * @throws RangeError for a table or a salt of another form.
 */
export function commitTable(
  side: Side,
  salt: Uint8Array,
  tableShare: Uint16Array,
  modelRef: string,
): Uint8Array {
  const about = [Buffer.from(side), Buffer.from(modelRef)];
  return saltedDigest("moiety/model-table/v1", salt, ...about, tableBytes(tableShare));
}

/** Whether salt and share open a commitment (32 bytes). Errors as `commitTable`. */
export function opensCommitment(
  commitment: Uint8Array,
  side: Side,
  salt: Uint8Array,
  tableShare: Uint16Array,
  modelRef: string,
): boolean {
  return constantTimeEqual(commitment, commitTable(side, salt, tableShare, modelRef));
}

/** Entries as 16-bit little-endian numbers, on any machine. */
function tableBytes(share: Uint16Array): Uint8Array {
  const rows = share.length / MAX_BINS;
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_CHARACTERISTICS) {
    throw new RangeError(`table share: 1 to ${MAX_CHARACTERISTICS} rows of ${MAX_BINS} entries`);
  }
  if (share.some((entry) => entry >= POINT_MODULUS)) {
    throw new RangeError(`table share: entries are within 0..${POINT_MODULUS - 1}`);
  }
  const bytes = new DataView(new ArrayBuffer(share.length * 2));
  for (let i = 0; i < share.length; i++) bytes.setUint16(2 * i, share[i]!, true);
  return new Uint8Array(bytes.buffer);
}
