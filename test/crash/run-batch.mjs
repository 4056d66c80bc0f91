#!/usr/bin/env node
import "../../packages/cli/bin/require-node.mjs";

const { runModule } = await import("../../packages/cli/bin/run-source.mjs");
await runModule(new URL("./batch/main.ts", import.meta.url));
