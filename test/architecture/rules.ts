/** The checks: each takes the repository and gives a sentence per violation. */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { circles } from "./circles.ts";
import type { Manifest, Repository } from "./sources.ts";
import { syntaxOf } from "./syntax.ts";

export interface Rules {
  /** Which layers each layer may import. */
  readonly arrows: Readonly<Record<string, readonly string[]>>;
  /** What tests may import besides. */
  readonly testsAlso: readonly string[];
  /** Packages that only these files, or folders, may import; tests aside. */
  readonly confined: Readonly<Record<string, readonly string[]>>;
  readonly unwanted: readonly Unwanted[];
  /** Launchers, which run before a package can be found by its name, and the folders they reach. */
  readonly launchers: Readonly<Record<string, readonly string[]>>;
  readonly maxLines: number;
}

/** Names that may not be used in these layers, with the files where they may all the same. */
export interface Unwanted {
  readonly names: readonly string[];
  readonly layers: readonly string[];
  readonly except?: readonly string[];
  readonly because: string;
}

interface Module {
  readonly path: string;
  readonly layer: string;
  readonly folder: string;
  readonly test: boolean;
  readonly lines: number;
  readonly imports: readonly string[];
  readonly names: ReadonlySet<string>;
}

const SCOPE = "@moiety/";

/** All that is wrong with the repository; nothing when all is well. */
export function violations(repository: Repository, rules: Rules): string[] {
  const modules = repository.sources.map(({ path, text }): Module => {
    const folder = folderOf(path);
    const layer = posix.basename(folder);
    const lines = text.split("\n").length - 1;
    return { path, layer, folder, test: isTest(path), lines, ...syntaxOf(path, text) };
  });
  const each = modules.flatMap((module) => [
    ...upwardImports(module, rules),
    ...deepImports(module, repository.manifests, rules),
    ...unlistedImports(module, repository.manifests, rules),
    ...testsInSources(module),
    ...confinedImports(module, rules),
    ...unwantedNames(module, rules),
    ...length(module, rules),
  ]);
  return [...each, ...circlesOfPackages(modules), ...circlesOfFiles(modules)];
}

/** `packages/kit`, `protocols`, `demo`, `test`. */
function folderOf(path: string): string {
  const [first, second] = path.split("/");
  return first === "packages" ? `${first}/${second}` : String(first);
}

/** What the build leaves out: tests and what only tests use, and what compiles the kernel. */
function isTest(path: string): boolean {
  return /\.test\.ts$|\/testing\/|^protocols\/test-|^test\/|^packages\/crypto\/kernel\//.test(path);
}

function upwardImports({ path, layer, test, imports }: Module, rules: Rules): string[] {
  const allowed = [...(rules.arrows[layer] ?? []), ...(test ? rules.testsAlso : [])];
  return layersIn(imports)
    .filter((target) => !allowed.includes(target))
    .map((target) => `${path}: ${layer} may not import ${target}`);
}

function deepImports(
  { path, folder, imports }: Module,
  manifests: Repository["manifests"],
  { launchers }: Rules,
): string[] {
  return imports.flatMap((specifier) => {
    if (specifier.startsWith(".")) {
      const places = [`${folder}/`, ...(launchers[path] ?? [])];
      const inside = places.some((place) => resolved(path, specifier).startsWith(place));
      return inside ? [] : [`${path}: reaches out of ${folder} to ${specifier}`];
    }
    if (!specifier.startsWith(SCOPE)) return [];
    const name = packageOf(specifier);
    const target = manifests[`packages/${name.slice(SCOPE.length)}`] ?? manifests[layerIn(name)];
    const entry = `.${specifier.slice(name.length)}`;
    return target?.exports !== undefined && Object.hasOwn(target.exports, entry)
      ? []
      : [`${path}: ${specifier} is not what ${name} exports`];
  });
}

function unlistedImports(
  { path, layer, folder, test, imports }: Module,
  manifests: Repository["manifests"],
  { arrows, testsAlso }: Rules,
): string[] {
  const own = manifests[folder];
  const listed = new Set([
    ...Object.keys(own?.dependencies ?? {}),
    ...Object.keys(own?.peerDependencies ?? {}),
  ]);
  if (test || own === undefined) {
    for (const manifest of [own, manifests[""]]) for (const name of all(manifest)) listed.add(name);
    for (const name of testsAlso) listed.add(SCOPE + name);
  }
  // The folder of end-to-end tests is no package: it sees the workspaces as the root does.
  if (own === undefined) for (const name of arrows[layer] ?? []) listed.add(SCOPE + name);
  return imports
    .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
    .map(packageOf)
    .filter((name) => !listed.has(name))
    .map((name) => `${path}: ${name} is not in the package.json of ${folder}`);
}

function all({ dependencies, devDependencies }: Manifest = {}): string[] {
  return [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})];
}

function testsInSources({ path, test, imports }: Module): string[] {
  if (test) return [];
  return imports
    .filter((specifier) => specifier.startsWith(".") && isTest(resolved(path, specifier)))
    .map((specifier) => `${path}: imports ${specifier}, which is a test's`);
}

function confinedImports({ path, test, imports }: Module, { confined }: Rules): string[] {
  if (test) return [];
  return imports.map(packageOf).flatMap((name) => {
    const places = Object.hasOwn(confined, name) ? confined[name] : undefined;
    const here = places === undefined || places.some((place) => path.startsWith(place));
    return here ? [] : [`${path}: ${name} is imported in ${places.join(", ") || "no place"} only`];
  });
}

function unwantedNames({ path, layer, test, names }: Module, { unwanted }: Rules): string[] {
  if (test) return [];
  return unwanted.flatMap((rule) => {
    if (!rule.layers.includes(layer) || rule.except?.includes(path)) return [];
    const found = rule.names.filter((name) => names.has(name));
    return found.map((name) => `${path}: uses ${name}: ${rule.because}`);
  });
}

function length({ path, lines }: Module, { maxLines }: Rules): string[] {
  return lines > maxLines ? [`${path}: ${lines} lines, at most ${maxLines}`] : [];
}

/** Tests may use what stands above them; they make no circle of packages. */
function circlesOfPackages(modules: readonly Module[]): string[] {
  const graph = new Map<string, Set<string>>();
  for (const { layer, test, imports } of modules) {
    if (test) continue;
    const targets = graph.get(layer) ?? new Set();
    for (const target of layersIn(imports)) if (target !== layer) targets.add(target);
    graph.set(layer, targets);
  }
  return circles(graph).map((circle) => `packages in a circle: ${circle}`);
}

function circlesOfFiles(modules: readonly Module[]): string[] {
  const graph = new Map(
    modules.map(({ path, imports }) => {
      const near = imports.filter((specifier) => specifier.startsWith("."));
      return [path, new Set(near.map((specifier) => resolved(path, specifier)))];
    }),
  );
  return circles(graph).map((circle) => `files in a circle: ${circle}`);
}

function layersIn(imports: readonly string[]): string[] {
  return imports.filter((specifier) => specifier.startsWith(SCOPE)).map(layerIn);
}

function layerIn(specifier: string): string {
  return packageOf(specifier).slice(SCOPE.length);
}

/** `@scope/name/deep` → `@scope/name`, `name/deep` → `name`, `node:x` as it is. */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function resolved(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}
