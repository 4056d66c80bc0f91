#!/usr/bin/env node
import "./require-node.mjs";
import { runModule } from "./run-source.mjs";

await runModule(
  new URL("../src/main.ts", import.meta.url),
  new URL("../dist/main.js", import.meta.url),
);
