// Preloaded into a node (`NODE_OPTIONS=--import=…`): collects garbage when it gets SIGUSR2. An idle
// V8 leaves garbage lying for minutes; what is measured is what the node holds on to. The product
// does not know of it.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
process.on("SIGUSR2", () => collect());
