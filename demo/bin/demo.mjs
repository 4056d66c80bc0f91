#!/usr/bin/env node
import "../../packages/cli/bin/require-node.mjs";

// Not statically: what an old Node lacks would stop it before it could say so.
const { runModule } = await import("../../packages/cli/bin/run-source.mjs");
await runModule(new URL("../main.ts", import.meta.url));
