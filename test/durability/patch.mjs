// Preloaded into a node: changes single lines of its sources as they are loaded, so that all the
// rest is the real thing. SOURCE_PATCHES is JSON: [{ file, from, to }], `file` as a path's end. A line
// that is not there exactly once stops the node; what was changed is written to SOURCE_PATCHED.
import { register } from "node:module";

register("./patch-hook.mjs", import.meta.url, {
  data: { patches: JSON.parse(process.env.SOURCE_PATCHES), patched: process.env.SOURCE_PATCHED },
});
