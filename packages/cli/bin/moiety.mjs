#!/usr/bin/env node
import "./require-node.mjs";

// Not statically: what an old Node lacks would stop it before it could say so.
const { runModule } = await import("./run-source.mjs");
await runModule(
  new URL("../src/main.ts", import.meta.url),
  new URL("../dist/main.js", import.meta.url),
);
