/** Whether an engine gives known answers, as ot/pad-self-test.ts asks of pads. Below a millisecond. */
import { createHash } from "node:crypto";
import { type LookupEngine, TABLE_ENTRIES } from "./lookup-engine.ts";
import { sampleBytes } from "./sample-bytes.ts";

/** Not a multiple of what the kernel takes at once, nor a whole number of bytes of choices. */
const [FEATURES, GROUPS] = [5, 7];
const LOOKUPS = FEATURES * GROUPS;

/** SHA-256 of all answers, by the plain engine: a test says when it has to change. */
const KNOWN = "411805bc30359c0c652f3438f31252ca0794e717de771a6efe9b9e1147b9dc95";

/** True when every operation gives the bytes that it should. */
export function lookupSelfTest(engine: LookupEngine): boolean {
  try {
    return createHash("sha256").update(answers(engine)).digest("hex") === KNOWN;
  } catch {
    return false; // a trap in the kernel
  }
}

function answers(engine: LookupEngine): Buffer {
  const tables = words(1, FEATURES * TABLE_ENTRIES);
  const pads = words(2, LOOKUPS * TABLE_ENTRIES);
  const shares = words(3, GROUPS);
  // Every index occurs, also the one whose entry is not sent.
  const indices = Uint8Array.from({ length: LOOKUPS }, (_, l) => (l * 5) & 15);
  const choices = sampleBytes(4, LOOKUPS).map((byte) => byte & 15);
  const packed = engine.packChoices(indices, choices);
  const peers = sampleBytes(5, packed.length);
  const masked = engine.maskTables(tables, indices, pads, peers, shares);
  const kept = shares.slice();
  const sent = sampleBytes(6, masked.length);
  engine.unmaskChosen(sent, indices, pads.subarray(0, LOOKUPS), FEATURES, shares);
  return Buffer.concat([packed, masked, bytesOf(kept), bytesOf(shares)]);
}

function words(seed: number, count: number): Uint16Array {
  return new Uint16Array(sampleBytes(seed, 2 * count).slice().buffer);
}

function bytesOf(array: Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
