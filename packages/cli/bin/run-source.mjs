// Runs a module of this workspace: its built JavaScript where there are no sources (an installed
// package), else the TypeScript, so that a fresh checkout needs no build: joined by bundle.mjs, or module
// by module where that cannot be had or MOIETY_SOURCES=1 asks for it.
import { existsSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";

export async function runModule(source, built) {
  const useBuilt = process.env.MOIETY_USE_BUILD === "1" || !existsSync(fileURLToPath(source));
  if (useBuilt && built !== undefined) return import(built.href);
  if (process.env.MOIETY_SOURCES !== "1") {
    const { bundled } = await import("./bundle.mjs");
    const bundle = await bundled(source);
    if (bundle !== undefined) {
      process.setSourceMapsEnabled(true); // stacks name the sources, as under the loader
      return import(bundle.href);
    }
  }
  const { register: registerTsx } = await import("tsx/esm/api");
  registerTsx();
  register("./source-hook.mjs", import.meta.url);
  return import(source.href);
}
