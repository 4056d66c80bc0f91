// Preloaded into the rogue bank: `orders()`, which its patched sources ask, reads what a test wants it to
// do from the file that ROGUE_ORDERS names. Without a file it does what an honest bank does.
import { readFileSync } from "node:fs";

globalThis.orders = () => {
  try {
    return JSON.parse(readFileSync(process.env.ROGUE_ORDERS, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
};
