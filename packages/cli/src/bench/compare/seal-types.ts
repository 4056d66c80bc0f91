/** What is used of node-seal 5.1, which is not installed with this package and so brings no types. */

interface Handle {
  delete(): void;
}

export type Plaintext = Handle;

interface Saved extends Handle {
  saveArray(compression: unknown): Uint8Array;
}

export interface Ciphertext extends Saved {
  loadArray(context: Handle, bytes: Uint8Array): void;
}

interface Parameters extends Handle {
  setPolyModulusDegree(degree: number): void;
  setCoeffModulus(modulus: unknown): void;
  setPlainModulus(modulus: unknown): void;
}

interface KeyGenerator extends Handle {
  secretKey(): Handle;
  createPublicKey(): Handle;
  createGaloisKeys(steps: Int32Array): Handle;
  createGaloisKeysSerializable(steps: Int32Array): Saved;
}

interface Encoder extends Handle {
  encode(slots: Int32Array, into: Plaintext): void;
  decode(plain: Plaintext): Int32Array;
}

interface Encryptor extends Handle {
  /** Half as long as one under the public key: the uniform half is a seed. */
  encryptSymmetricSerializable(plain: Plaintext): Saved;
}

interface Decryptor extends Handle {
  decrypt(cipher: Ciphertext, into: Plaintext): void;
}

interface Evaluator extends Handle {
  multiplyPlain(cipher: Ciphertext, plain: Plaintext, into: Ciphertext): void;
  add(one: Ciphertext, other: Ciphertext, into: Ciphertext): void;
  rotateRows(cipher: Ciphertext, steps: number, keys: Handle, into: Ciphertext): void;
}

export interface Seal {
  readonly SchemeType: { readonly bfv: unknown };
  readonly SecurityLevel: { readonly tc128: unknown };
  readonly ComprModeType: { readonly zstd: unknown };
  readonly CoeffModulus: {
    BFVDefault(degree: number, security: unknown): unknown;
    Create(degree: number, bits: Int32Array): unknown;
  };
  readonly PlainModulus: { Batching(degree: number, bits: number): unknown };
  EncryptionParameters(scheme: unknown): Parameters;
  Context(parameters: Parameters, expand: boolean, security: unknown): Handle;
  KeyGenerator(context: Handle): KeyGenerator;
  BatchEncoder(context: Handle): Encoder;
  Encryptor(context: Handle, publicKey: Handle, secretKey: Handle): Encryptor;
  Decryptor(context: Handle, secretKey: Handle): Decryptor;
  Evaluator(context: Handle): Evaluator;
  CipherText(): Ciphertext;
  PlainText(): Plaintext;
}
