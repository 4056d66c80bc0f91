// Preloaded into a node (`NODE_OPTIONS=--import=…`): listens to its milestones, keeps a journal of
// them, and kills its own process as `kill -9` would at the one that it is told. CRASH_FOLDER names
// a folder of this node's with the journal (`passed`) and the order (`order`: a point, and at
// which passing of it counted from the order on). The product does not know of it.
import { subscribe } from "node:diagnostics_channel";
import { openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.CRASH_FOLDER;
if (folder === undefined) throw new Error("CRASH_FOLDER names the folder for journal and order");
const journal = openSync(join(folder, "passed"), "a", 0o600);
const order = join(folder, "order");
let [counting, left] = ["", 0];

subscribe("moiety.milestone", (name) => {
  writeSync(journal, `${name}\n`); // synchronous: survives what comes next
  const text = read();
  if (text === "") return;
  const [point, nth] = text.split(" ");
  if (text !== counting) [counting, left] = [text, Number(nth)];
  if (name !== point) return;
  left -= 1;
  if (left > 0) return;
  rmSync(order); // who starts this node again does not want it killed again
  process.kill(process.pid, "SIGKILL");
});

function read() {
  try {
    return readFileSync(order, "utf8");
  } catch {
    return "";
  }
}
