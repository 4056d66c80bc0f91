// In a checkout the workspace packages run from their sources: their `moiety-source` export is
// followed here, because a loader registered from a running process cannot add an export condition.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

export async function resolve(specifier, context, nextResolve) {
  const [, name, entry = ""] = /^(@moiety\/[a-z-]+)(\/[a-z-]+)?$/.exec(specifier) ?? [];
  if (name !== undefined) {
    const from = context.parentURL?.startsWith("file:")
      ? createRequire(context.parentURL)
      : require;
    for (const folder of from.resolve.paths(specifier) ?? []) {
      const manifest = join(folder, name, "package.json");
      if (!existsSync(manifest)) continue;
      const { exports } = JSON.parse(readFileSync(manifest, "utf8"));
      const source = exports?.[`.${entry}`]?.["moiety-source"];
      const file = source === undefined ? undefined : join(dirname(manifest), source);
      if (file !== undefined && existsSync(file))
        return nextResolve(pathToFileURL(file).href, context);
      break;
    }
  }
  return nextResolve(specifier, context);
}
