#!/usr/bin/env node
import "../../packages/cli/bin/require-node.mjs";
import { runModule } from "../../packages/cli/bin/run-source.mjs";

await runModule(new URL("../main.ts", import.meta.url));
