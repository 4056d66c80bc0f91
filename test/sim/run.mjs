#!/usr/bin/env node
// Runs main.ts, or in a process that main.ts starts, worker.ts.
import "../../packages/cli/bin/require-node.mjs";

const { runModule } = await import("../../packages/cli/bin/run-source.mjs");
const worker = process.argv[2] === "--worker";
await runModule(new URL(worker ? "./worker.ts" : "./main.ts", import.meta.url));
