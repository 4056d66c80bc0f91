// Runs a module of this workspace: its built JavaScript where there are no sources (an installed
// package), else the TypeScript itself, so that a fresh checkout needs no build.
import { existsSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";

export async function runModule(source, built) {
  const useBuilt = process.env.MOIETY_USE_BUILD === "1" || !existsSync(fileURLToPath(source));
  if (useBuilt && built !== undefined) return import(built.href);
  const { register: registerTsx } = await import("tsx/esm/api");
  registerTsx();
  register("./source-hook.mjs", import.meta.url);
  return import(source.href);
}
