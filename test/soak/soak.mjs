#!/usr/bin/env node
const { runModule } = await import("../../packages/cli/bin/run-source.mjs");
await runModule(new URL("./main.ts", import.meta.url));
