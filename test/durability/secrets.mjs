// Preloaded into a node: keeps whatever it draws from the operating system's generator, and the pads
// that `patch.mjs` shows it, in the folder SECRETS, so that a test can look for them on the disk.
import crypto from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

const folder = process.env.SECRETS;
if (folder === undefined) throw new Error("SECRETS names the folder for what is kept");
const open = (name) => openSync(join(folder, `${process.pid}.${name}`), "a", 0o600);
const [drawn, pads] = [open("drawn"), open("pads")];

/** Each with its length in front. */
function keep(file, bytes) {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  writeSync(file, Buffer.concat([length, bytes]));
}

const { randomFillSync } = crypto;
crypto.randomFillSync = (buffer, ...rest) => {
  const filled = randomFillSync(buffer, ...rest);
  keep(drawn, new Uint8Array(filled.buffer, filled.byteOffset, filled.byteLength));
  return filled;
};
syncBuiltinESMExports();

globalThis.keepPads = (words) =>
  keep(pads, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
