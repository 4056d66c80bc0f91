// A checkout runs its TypeScript, and hundreds of modules through a loader cost every command and node a
// second. So they are joined into a few files once, by esbuild (which tsx brings along), and kept under
// node_modules/.cache. Whether such a bundle is of the sources as they are is decided by their contents.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FOLDER = join(ROOT, "node_modules", ".cache", "moiety");
/** What was installed, and this file: a bundle holds the one and is made by the other. */
const ALWAYS = [
  join("node_modules", ".package-lock.json"),
  join("packages", "cli", "bin", "bundle.mjs"),
];
/** Packages of many files that every command or node loads. The others stay where they are. */
const JOINED = ["cli-progress", "commander", "csv-parse", "fastify", "picocolors", "prom-client"];
JOINED.push("yaml", "zod");
/** Not joined wherever they are met: native code, files of their own, or one instance shared. */
const APART = ["lmdb", "msgpackr", "pino", "pino-pretty", "tweetnacl", "ws"];
/** Parts of fastify that nothing here uses, and which are not small. */
APART.push("@fastify/ajv-compiler", "@fastify/fast-json-stringify-compiler");
/** Bundles kept of one program: a process may yet load a part of an older one. */
const KEPT = 16;
const RESOLVING = Symbol("resolving, not to be asked again");
/** Longest wait for another process that makes the same bundle. */
const PATIENCE_MS = 15_000;

/** The program at `source` as one file and its parts; nothing where that cannot be had. */
export async function bundled(source) {
  const entry = fileURLToPath(source);
  const name = relative(ROOT, entry).replaceAll(sep, "-").replace(/\.ts$/, "");
  const deadline = Date.now() + PATIENCE_MS;
  const lock = join(FOLDER, `${name}.lock`);
  try {
    mkdirSync(FOLDER, { recursive: true });
    for (;;) {
      const ready = current(name);
      if (ready !== undefined) return ready;
      if (locked(lock)) break;
      if (Date.now() > deadline) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch {
    return undefined; // a checkout that this user may not write to
  }
  try {
    return current(name) ?? (await make(entry, name));
  } catch {
    return undefined; // the loader will say what is wrong with the sources
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The bundle that was made of the sources as they are now. */
function current(name) {
  let made;
  try {
    made = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
  } catch {
    return undefined;
  }
  const contents = made.inputs.map((file) => [file, contentOf(join(ROOT, file))]);
  if (digestOf(contents) !== made.digest) return undefined;
  const file = join(FOLDER, folderOf(name, made.digest), "main.mjs");
  return existsSync(file) ? pathToFileURL(file) : undefined;
}

async function make(entry, name) {
  const ofTsx = createRequire(createRequire(import.meta.url).resolve("tsx/package.json"));
  const { build } = ofTsx("esbuild");
  // As they were read for the bundle, not as they may be a moment later.
  const inputs = new Map(ALWAYS.map((file) => [file, contentOf(join(ROOT, file))]));
  const { outputFiles, errors, warnings } = await build({
    entryPoints: { main: entry },
    bundle: true,
    splitting: true, // what is imported on demand is loaded on demand
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["moiety-source"],
    outdir: join(FOLDER, "made"), // as deep as where it is written, for the paths in source maps
    outExtension: { ".js": ".mjs" },
    sourcemap: "linked",
    sourcesContent: false,
    write: false,
    logLevel: "silent",
    // Joined CommonJS asks for modules of Node.
    banner: {
      js: `import{createRequire as requireFor}from"node:module";const require=requireFor(${JSON.stringify(pathToFileURL(ROOT).href)});`,
    },
    plugins: [modules(inputs)],
  });
  if (errors.length + warnings.length > 0) throw new Error(JSON.stringify({ errors, warnings }));
  const digest = digestOf(inputs);
  const folder = join(FOLDER, folderOf(name, digest));
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    for (const { path, contents } of outputFiles)
      writeFileSync(join(unfinished, relative(join(FOLDER, "made"), path)), contents);
    renameSync(unfinished, folder);
  }
  const manifest = join(FOLDER, `${name}.json`);
  writeFileSync(
    `${manifest}.${process.pid}`,
    JSON.stringify({ digest, inputs: [...inputs.keys()] }),
  );
  renameSync(`${manifest}.${process.pid}`, manifest);
  forget(name);
  return pathToFileURL(join(folder, "main.mjs"));
}

/** What is joined and what stays apart; notes what it reads. */
function modules(inputs) {
  const read = (path) => {
    const content = readFileSync(path, "utf8");
    inputs.set(relative(ROOT, path), content);
    return content;
  };
  return {
    name: "moiety",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, (request) => resolved(build, request, read));
      build.onLoad({ filter: /\.(ts|mjs)$/ }, ({ path }) => {
        if (isInstalled(path)) return undefined;
        // Files are found beside the source, which is where they are.
        const place = JSON.stringify(pathToFileURL(path).href);
        const contents = read(path).replaceAll("import.meta.url", place);
        return { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
      });
    },
  };
}

async function resolved(build, { path, kind, importer, resolveDir, pluginData }, read) {
  if (kind === "entry-point" || pluginData === RESOLVING) return undefined;
  if (path.startsWith("node:")) return { path, external: true };
  const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: RESOLVING });
  // Optional ones that are not installed, and Node's own.
  if (found.errors.length > 0 || found.external) return { path, external: true };
  const [packageName] = /^(@[^/]+\/)?[^/]+/.exec(path);
  const ours = packageName.startsWith("@moiety/");
  if (ours) read(join(ROOT, "node_modules", packageName, "package.json")); // says what it exports
  const joined = ours || JOINED.includes(packageName) || isInstalled(importer);
  if (joined && !APART.includes(packageName)) return found;
  const loaded = kind === "require-call" ? found.path : pathToFileURL(found.path).href;
  return { path: loaded, external: true };
}

function isInstalled(path) {
  return relative(ROOT, path).split(sep).includes("node_modules");
}

function contentOf(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Of the place too: a bundle names files by it, and a checkout may be moved or copied. */
function digestOf(contents) {
  const hash = createHash("sha256").update(`${ROOT}\0`);
  for (const [file, content] of contents)
    hash.update(`${file}\0${content.length}\0`).update(content);
  return hash.digest("hex");
}

function folderOf(name, digest) {
  return `${name}-${digest.slice(0, 16)}`;
}

/** Whether this process may make the bundle: nobody does, or whoever did is gone. */
function locked(lock) {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age < PATIENCE_MS) return false;
  rmSync(lock, { recursive: true, force: true });
  return false;
}

/** Removes the oldest bundles of a program. */
function forget(name) {
  const bundles = readdirSync(FOLDER)
    .filter((each) => each.startsWith(`${name}-`))
    .map((each) => join(FOLDER, each))
    .map((folder) => ({ folder, madeAt: statSync(folder).mtimeMs }))
    .sort((x, y) => y.madeAt - x.madeAt);
  for (const { folder } of bundles.slice(KEPT)) rmSync(folder, { recursive: true, force: true });
}
