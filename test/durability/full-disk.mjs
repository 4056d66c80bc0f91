// Preloaded into a node: its disk has no room while there is a file of the name DISK_FULL.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const sign = process.env.DISK_FULL;
if (sign === undefined) throw new Error("DISK_FULL names the file that says so");
const { statfsSync, existsSync } = fs;
fs.statfsSync = (...args) => {
  const facts = statfsSync(...args);
  return existsSync(sign) ? Object.assign(facts, { bavail: 0, bfree: 0 }) : facts;
};
syncBuiltinESMExports();
