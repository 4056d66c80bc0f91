/**
 * Bytes to try an engine with at the start: public, the same every time, and without a pattern that a
 * wrong engine might keep (Marsaglia's xorshift). Not random: nothing else may use them.
 */
export function sampleBytes(seed: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let x = Math.imul(seed, 0x9e3779b1); // never 0 for seeds that are not
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, length);
}
