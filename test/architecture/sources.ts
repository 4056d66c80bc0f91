/** The repository as the architecture test sees it: the text of its modules, and what each package declares. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One module; `path` is relative to the root of the repository, with slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The part of a package.json that says what may be imported, and from where. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

export interface Repository {
  readonly sources: readonly Source[];
  /** By folder, e.g. `packages/kit`; the root's under the empty name. */
  readonly manifests: Readonly<Record<string, Manifest>>;
}

const SKIPPED: ReadonlySet<string> = new Set(["node_modules", "dist"]);
const MODULE = /\.(ts|mts|mjs|js)$/;

/** Reads all modules below these folders of the repository. */
export function readRepository(root: string, folders: readonly string[]): Repository {
  const sources: Source[] = [];
  const manifests: Record<string, Manifest> = { "": manifestIn(root) };
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) visit(path);
      else if (entry.name === "package.json") manifests[folder] = manifestIn(join(root, folder));
      else if (MODULE.test(entry.name))
        sources.push({ path, text: readFileSync(join(root, path), "utf8") });
    }
  };
  for (const folder of folders) visit(folder);
  return { sources, manifests };
}

function manifestIn(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}
