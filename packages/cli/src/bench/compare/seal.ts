/**
 * Scoring under homomorphic encryption by Microsoft SEAL, as node-seal: BFV, 128 bits of security. Who
 * holds the features encrypts bins, one of 16 each, under a key of its own; one server has the points
 * in clear, multiplies and adds; the holder decrypts.
 */
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { SetupError } from "@moiety/node";
import { median } from "../figures.ts";
import type { Ciphertext, Plaintext, Seal } from "./seal-types.ts";
import { BINS, FEATURES, plainScores, type Workload } from "./workload.ts";

/** Least degree whose modulus leaves room for one product, and for rotations. */
const DEGREE = 4096;
/** For sums of points below 2^15. */
const PLAIN_BITS = 17;
/** Of a block, which needs no rotations: one prime for the ciphertexts makes them half as long. */
const BLOCK_MODULUS = Int32Array.of(44, 44);
/** A row of slots is rotated as a whole; the 320 bins of one person fill a part of this length. */
const ROW = DEGREE / 2;
const PART = 512;
/** By which sums of a part are formed. */
const ROTATIONS = Int32Array.from({ length: Math.log2(PART) }, (_, at) => 2 ** at);
const SINGLES = 15;

export interface SealFigures {
  /** People a second of CPU time, a full block of 4096 at once. */
  readonly perSecondPerCore: number;
  /** Ciphertexts there and back, compressed, of a block. */
  readonly bytes: number;
  /** One person alone. */
  readonly p50Ms: number;
  readonly singleBytes: number;
  /** Sent once, for one person alone. */
  readonly keyBytes: number;
}

/**
 * The package, from a folder of packages or from where it is installed; nothing if it is in neither.
 * Throws `SetupError` where a folder was named that does not have it.
 */
export async function loadSeal(folder: string | undefined): Promise<Seal | undefined> {
  const from = folder === undefined ? import.meta.url : join(resolve(folder), "..", "package.json");
  try {
    // Not a dependency: whoever wants the comparison installs it.
    return await (createRequire(from)("node-seal") as () => Promise<Seal>)();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND"))
      throw error;
    if (folder !== undefined) throw new SetupError(`--with: there is no node-seal in ${folder}`);
    return undefined;
  }
}

/** Measures both ways of packing. Throws where a score is wrong. */
export function measureSeal(seal: Seal, work: Workload): SealFigures {
  const scorer = new SealScorer(seal, work);
  scorer.block(); // compilers warm up
  const started = process.cpuUsage();
  const bytes = scorer.block();
  const { user, system } = process.cpuUsage(started);
  const times: number[] = [];
  let singleBytes = 0;
  for (let person = 0; person < SINGLES; person += 1) {
    const at = performance.now();
    singleBytes = scorer.single(person);
    times.push(performance.now() - at);
  }
  return {
    perSecondPerCore: (DEGREE / (user + system)) * 1e6,
    bytes: bytes / DEGREE,
    p50Ms: median(times),
    singleBytes,
    keyBytes: scorer.keyBytes,
  };
}

class SealScorer {
  readonly keyBytes: number;
  readonly #seal: Seal;
  readonly #work: Workload;
  readonly #expected: Uint32Array;
  readonly #ofBlocks: Parts;
  readonly #ofSingles: Parts;
  readonly #rotationKeys: ReturnType<Parts["keys"]["createGaloisKeys"]>;
  /** The server's, for a block: each in all slots. */
  readonly #weights: readonly Plaintext[];

  constructor(seal: Seal, work: Workload) {
    if (work.people < DEGREE) throw new RangeError(`a block has ${DEGREE} people`);
    this.#seal = seal;
    this.#work = work;
    this.#expected = new Uint32Array(work.people);
    plainScores(work, this.#expected);
    const { Create, BFVDefault } = seal.CoeffModulus;
    this.#ofBlocks = partsOf(seal, Create(DEGREE, BLOCK_MODULUS));
    this.#ofSingles = partsOf(seal, BFVDefault(DEGREE, seal.SecurityLevel.tc128));
    this.#weights = [...work.tables].map((points) =>
      this.#encoded(this.#ofBlocks, new Int32Array(DEGREE).fill(points)),
    );
    const keys = this.#ofSingles.keys.createGaloisKeysSerializable(ROTATIONS);
    this.keyBytes = keys.saveArray(seal.ComprModeType.zstd).length;
    keys.delete();
    this.#rotationKeys = this.#ofSingles.keys.createGaloisKeys(ROTATIONS);
  }

  /** 4096 people, one in each slot: 320 ciphertexts there, one back. Returns their bytes. */
  block(): number {
    const { bins } = this.#work;
    const { evaluator } = this.#ofBlocks;
    const slots = new Int32Array(DEGREE);
    let bytes = 0;
    let sum: Ciphertext | undefined;
    for (let at = 0; at < FEATURES * BINS; at += 1) {
      const [feature, bin] = [Math.floor(at / BINS), at % BINS];
      for (let person = 0; person < DEGREE; person += 1)
        slots[person] = bins[person * FEATURES + feature] === bin ? 1 : 0;
      const [arrived, sent] = this.#sent(this.#ofBlocks, slots);
      bytes += sent;
      evaluator.multiplyPlain(arrived, this.#weights[at] as Plaintext, arrived);
      if (sum === undefined) {
        sum = arrived;
        continue;
      }
      evaluator.add(sum, arrived, sum);
      arrived.delete();
    }
    const [scores, back] = this.#answered(this.#ofBlocks, sum as Ciphertext);
    for (let person = 0; person < DEGREE; person += 1) this.#check(person, scores[person]);
    return bytes + back;
  }

  /** One person alone: all bins in one ciphertext, summed by rotations, so that no points show. */
  single(person: number): number {
    const { tables, bins } = this.#work;
    const [slots, weights] = [new Int32Array(DEGREE), new Int32Array(DEGREE)];
    // As often as it fits: after the rotations each slot holds the whole sum, and nothing else.
    for (let part = 0; part < DEGREE; part += PART)
      for (let at = 0; at < FEATURES * BINS; at += 1) {
        const bin = bins[person * FEATURES + Math.floor(at / BINS)];
        slots[part + at] = bin === at % BINS ? 1 : 0;
        weights[part + at] = tables[at] as number;
      }
    const { evaluator } = this.#ofSingles;
    const [sum, bytes] = this.#sent(this.#ofSingles, slots);
    const weight = this.#encoded(this.#ofSingles, weights);
    evaluator.multiplyPlain(sum, weight, sum);
    weight.delete();
    const turned = this.#seal.CipherText();
    for (let step = PART / 2; step >= 1; step /= 2) {
      evaluator.rotateRows(sum, step, this.#rotationKeys, turned);
      evaluator.add(sum, turned, sum);
    }
    turned.delete();
    const [scores, back] = this.#answered(this.#ofSingles, sum);
    this.#check(person, scores[ROW - 1]);
    return bytes + back;
  }

  /** Encrypts and carries over: what arrives, and its bytes. */
  #sent(parts: Parts, slots: Int32Array): [Ciphertext, number] {
    const { encryptor, context } = parts;
    const plain = this.#encoded(parts, slots);
    const sealed = encryptor.encryptSymmetricSerializable(plain);
    const bytes = sealed.saveArray(this.#seal.ComprModeType.zstd);
    sealed.delete();
    plain.delete();
    const arrived = this.#seal.CipherText();
    arrived.loadArray(context, bytes);
    return [arrived, bytes.length];
  }

  #answered({ decryptor, encoder }: Parts, sum: Ciphertext): [Int32Array, number] {
    const bytes = sum.saveArray(this.#seal.ComprModeType.zstd).length;
    const plain = this.#seal.PlainText();
    decryptor.decrypt(sum, plain);
    const scores = encoder.decode(plain);
    plain.delete();
    sum.delete();
    return [scores, bytes];
  }

  #encoded({ encoder }: Parts, slots: Int32Array): Plaintext {
    const plain = this.#seal.PlainText();
    encoder.encode(slots, plain);
    return plain;
  }

  #check(person: number, score: number | undefined): void {
    if (score !== this.#expected[person])
      throw new Error("node-seal computed another score than the plain card");
  }
}

type Parts = ReturnType<typeof partsOf>;

function partsOf(seal: Seal, modulus: unknown) {
  const parameters = seal.EncryptionParameters(seal.SchemeType.bfv);
  parameters.setPolyModulusDegree(DEGREE);
  parameters.setCoeffModulus(modulus);
  parameters.setPlainModulus(seal.PlainModulus.Batching(DEGREE, PLAIN_BITS));
  const context = seal.Context(parameters, true, seal.SecurityLevel.tc128);
  const keys = seal.KeyGenerator(context);
  const secret = keys.secretKey();
  return {
    context,
    keys,
    encoder: seal.BatchEncoder(context),
    encryptor: seal.Encryptor(context, keys.createPublicKey(), secret),
    decryptor: seal.Decryptor(context, secret),
    evaluator: seal.Evaluator(context),
  };
}
