// Compiles the kernel to ../dist, where sources and build both look for it and git does not. It takes
// seconds, and nothing when the sources are as they were. Without the development dependency
// `assemblyscript` there is no kernel, and libsodium calculates instead.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { productsSource } from "./products.mjs";

const HERE = new URL("./", import.meta.url);
const SOURCES = new URL("assembly/", HERE);
const OUTPUT = new URL("../dist/", HERE);
const WASM = new URL("point-kernel.wasm", OUTPUT);
const STAMP = new URL("point-kernel.digest", OUTPUT);

const FLAGS = [
  ...["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--zeroFilledMemory"],
  ...["--use", "abort=", "--disableWarning", "112"],
];

/** Compiles if need be. What happened, for whoever prints it: "compiled", "current", "unavailable". */
export async function buildKernel() {
  const digest = digestOfSources();
  if (existsSync(WASM) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest)
    return "current";
  let asc;
  try {
    ({ default: asc } = await import("assemblyscript/asc"));
  } catch (error) {
    if (error?.code === "ERR_MODULE_NOT_FOUND") return "unavailable";
    throw error;
  }
  const generated = { "products.ts": productsSource() };
  const written = new Map();
  const { error, stderr } = await asc.main(["index.ts", "--outFile", "kernel.wasm", ...FLAGS], {
    readFile: (name) => generated[name] ?? readSource(name),
    writeFile: (name, contents) => void written.set(name, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`point kernel: it does not compile\n${stderr.toString()}`);
  mkdirSync(OUTPUT, { recursive: true });
  // Under names of their own first: several processes may do this at once.
  const suffix = `.${process.pid}`;
  for (const [file, contents] of [
    [WASM, written.get("kernel.wasm")],
    [STAMP, digest],
  ]) {
    const temporary = new URL(`${file.href}${suffix}`);
    writeFileSync(temporary, contents);
    renameSync(temporary, file);
  }
  return "compiled";
}

function readSource(name) {
  const file = new URL(name, SOURCES);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** Of all that decides what comes out, the compiler's version included. */
function digestOfSources() {
  const hash = createHash("sha256").update(FLAGS.join(" ")).update(productsSource());
  for (const name of readdirSync(SOURCES).sort()) hash.update(name).update(readSource(name));
  const manifest = new URL("../../../package.json", HERE);
  if (existsSync(manifest))
    hash.update(JSON.parse(readFileSync(manifest, "utf8")).devDependencies?.assemblyscript ?? "");
  return hash.digest("hex");
}

/** What vitest calls before all tests. */
export async function setup() {
  await buildKernel();
}
