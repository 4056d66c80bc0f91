/**
 * The receiver's consistency check (SoftSpokenOT, Section 4): both sides hash every column by the
 * same GF(2)-linear universal hash of 128 bits, chosen by the sender after the corrections arrived.
 * What holds of the columns, W = V + C(U)·Δ, must hold of their hashes; a receiver whose
 * corrections are no codewords must guess Δ where they deviate. The last 128 rows are used for
 * nothing else, and enter the hash through an invertible map: the answer is uniform, whatever the
 * other rows are.
 *
 * A column over GF(2^k) is k bit planes, which lie one after the other and are hashed as one: plane b
 * of k enters with the factor H^(n·(k−1−b)), n the blocks of a plane. Unless those powers of H are
 * dependent over GF(2), another δ gives another factor Σ_b δ_b·H^(n·(k−1−b)).
 *
 * The hash is GHASH (NIST SP 800-38D, 6.4), a polynomial in H = AES_K(0) over GF(2^128), of the
 * column as additional data. node:crypto gives GHASH plus a constant that depends on key, IV and
 * length only; the tag of a column of zeros takes it away. `check.test.ts` compares with plain
 * arithmetic.
 */
import { createCipheriv } from "node:crypto";
import { constantTimeEqual } from "../digest.ts";
import { bytesOf, wordsOf, xorWordsIf } from "./loops.ts";
import { type OtPlan, responseBytes } from "./parameters.ts";
import { encodeColumns } from "./vole.ts";

/** Bytes of a hash. */
const HASH_BYTES = 16;
const HASH_WORDS = 4;
const ZERO_IV = new Uint8Array(12);

/** A GF(2)-linear hash of columns of a fixed length, by a 16-byte key that may be public. */
type LinearHash = (column: Uint8Array) => Uint8Array;

/** Prepares the hash for columns of `bytes` bytes, a multiple of 16. */
export function linearHash(key: Uint8Array, bytes: number): LinearHash {
  const constant = gmac(key, new Uint8Array(bytes));
  return (column) => {
    const tag = gmac(key, column);
    for (let i = 0; i < HASH_BYTES; i++) tag[i]! ^= constant[i]!;
    return tag;
  };
}

/** The receiver's answer: hashes of its choice columns, then of all columns of V. */
export function checkResponse(
  plan: OtPlan,
  key: Uint8Array,
  choices: Uint32Array,
  planes: Uint32Array,
  words: number,
): Uint8Array {
  const response = new Uint8Array(responseBytes(plan));
  response.set(hashColumns(key, choices, words));
  const hashes = hashColumns(key, planes, plan.fieldBits * words);
  response.set(hashes, plan.code.dimension * HASH_BYTES);
  return response;
}

/**
 * Whether `response` fits the sender's bit planes of W. All columns are treated before the verdict,
 * and where it failed is not told: that would tell bits of Δ.
 */
export function checkAccepts(
  plan: OtPlan,
  key: Uint8Array,
  planes: Uint32Array,
  delta: Uint8Array,
  response: Uint8Array,
  words: number,
): boolean {
  const { code, columns, fieldBits } = plan;
  const expected = wordsOf(hashColumns(key, planes, fieldBits * words));
  const choiceHashes = response.subarray(0, code.dimension * HASH_BYTES);
  for (let b = 0; b < fieldBits; b++) {
    const power = (words / HASH_WORDS) * (fieldBits - 1 - b);
    const encoded = encodeColumns(plan, wordsOf(timesPower(key, choiceHashes, power)), HASH_WORDS);
    for (let j = 0; j < columns; j++) {
      const source = (j % code.length) * HASH_WORDS;
      const bit = (delta[j]! >> b) & 1;
      xorWordsIf(bit, expected, j * HASH_WORDS, encoded, source, HASH_WORDS);
    }
  }
  return constantTimeEqual(bytesOf(expected), response.subarray(code.dimension * HASH_BYTES));
}

/** `hashes`, each times H^power, `power` 0 or at least 2: as the first of power − 1 blocks. */
function timesPower(key: Uint8Array, hashes: Uint8Array, power: number): Uint8Array {
  if (power === 0) return hashes;
  const blocks = new Uint8Array((power - 1) * HASH_BYTES);
  const hash = linearHash(key, blocks.length);
  const products = new Uint8Array(hashes.length);
  for (let at = 0; at < hashes.length; at += HASH_BYTES) {
    blocks.set(hashes.subarray(at, at + HASH_BYTES));
    products.set(hash(blocks), at);
  }
  return products;
}

function hashColumns(key: Uint8Array, columns: Uint32Array, words: number): Uint8Array {
  const bytes = bytesOf(columns);
  const hash = linearHash(key, words * 4);
  const hashes = new Uint8Array((columns.length / words) * HASH_BYTES);
  for (let j = 0; j * words < columns.length; j++) {
    hashes.set(hash(bytes.subarray(j * words * 4, (j + 1) * words * 4)), j * HASH_BYTES);
  }
  return hashes;
}

function gmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-gcm", key, ZERO_IV, { authTagLength: HASH_BYTES });
  cipher.setAAD(data);
  cipher.final();
  return cipher.getAuthTag();
}
