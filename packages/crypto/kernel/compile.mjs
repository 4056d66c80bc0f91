// Compiles the kernels to ../dist, where sources and build both look for them and git does not. It takes
// seconds, and nothing when the sources are as they were. Without the development dependency
// `assemblyscript` there are no kernels, and libsodium and plain TypeScript calculate instead.
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
import { transposeSource } from "./transpose.mjs";

const HERE = new URL("./", import.meta.url);
const OUTPUT = new URL("../dist/", HERE);

/** A folder of sources each, and what scripts write of them. */
const KERNELS = [
  { name: "point-kernel", folder: "points", generated: { "products.ts": productsSource() } },
  { name: "transfer-kernel", folder: "transfer", generated: { "bytes.ts": transposeSource() } },
];

const FLAGS = [
  ...["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--zeroFilledMemory"],
  ...["--use", "abort=", "--disableWarning", "112"],
];

/** Compiles what need be. What happened, for whoever prints it: "compiled", "current", "unavailable". */
export async function buildKernels() {
  const stale = KERNELS.map((kernel) => ({ ...kernel, digest: digestOf(kernel) })).filter(isStale);
  if (stale.length === 0) return "current";
  let asc;
  try {
    ({ default: asc } = await import("assemblyscript/asc"));
  } catch (error) {
    if (error?.code === "ERR_MODULE_NOT_FOUND") return "unavailable";
    throw error;
  }
  mkdirSync(OUTPUT, { recursive: true });
  for (const kernel of stale) await compile(asc, kernel);
  return "compiled";
}

async function compile(asc, { name, folder, generated, digest }) {
  const written = new Map();
  const { error, stderr } = await asc.main(["index.ts", "--outFile", "kernel.wasm", ...FLAGS], {
    readFile: (file) => generated[file] ?? readSource(folder, file),
    writeFile: (file, contents) => void written.set(file, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${name}: it does not compile\n${stderr.toString()}`);
  replace(`${name}.wasm`, written.get("kernel.wasm"));
  replace(`${name}.digest`, digest);
}

/** Under a name of its own first: several processes may do this at once. */
function replace(file, contents) {
  const temporary = new URL(`${file}.${process.pid}`, OUTPUT);
  writeFileSync(temporary, contents);
  renameSync(temporary, new URL(file, OUTPUT));
}

function isStale({ name, digest }) {
  const [wasm, stamp] = [`${name}.wasm`, `${name}.digest`].map((file) => new URL(file, OUTPUT));
  return !(existsSync(wasm) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest);
}

function readSource(folder, file) {
  const path = new URL(`assembly/${folder}/${file}`, HERE);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** Of all that decides what comes out, the compiler's version included. */
function digestOf({ folder, generated }) {
  const hash = createHash("sha256").update(FLAGS.join(" ")).update(JSON.stringify(generated));
  const files = readdirSync(new URL(`assembly/${folder}/`, HERE)).sort();
  for (const file of files) hash.update(file).update(readSource(folder, file));
  const manifest = new URL("../../../package.json", HERE);
  if (existsSync(manifest))
    hash.update(JSON.parse(readFileSync(manifest, "utf8")).devDependencies?.assemblyscript ?? "");
  return hash.digest("hex");
}

/** What vitest calls before all tests. */
export async function setup() {
  await buildKernels();
}
