/** The house stands only while arrows point down: this test reads every import there is. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { circles } from "./architecture/circles.ts";
import { type Rules, violations } from "./architecture/rules.ts";
import { type Manifest, readRepository } from "./architecture/sources.ts";

const ALL = [
  "crypto",
  "kit",
  "transport",
  "ledger",
  "model",
  "policy",
  "protocols",
  "node",
  "lab",
  "cli",
];

/** Who may import whom. `node` receives its protocols from below, `cli` and `demo` compose. */
const ARROWS: Rules["arrows"] = {
  crypto: [],
  kit: ["crypto"],
  transport: ["kit", "crypto"],
  ledger: ["kit", "crypto"],
  model: ["crypto"],
  policy: ["model", "crypto"],
  protocols: ["kit", "crypto", "model"],
  node: ["crypto", "kit", "transport", "ledger", "model", "policy", "protocols"],
  lab: ["kit", "transport", "crypto"],
  cli: ["crypto", "kit", "transport", "ledger", "model", "policy", "protocols", "node"],
  demo: ALL,
  test: ALL,
};

const RULES: Rules = {
  arrows: ARROWS,
  // The researcher's bench, and the links that it runs over.
  testsAlso: ["lab", "transport"],
  confined: {
    msgpackr: ["packages/kit/src/msgpack.ts"],
    ws: ["packages/transport/"],
    lmdb: ["packages/node/"],
    "libsodium-wrappers-sumo": [
      "packages/crypto/src/point-libsodium.ts",
      "packages/crypto/src/ristretto.ts",
      "packages/crypto/src/sign.ts",
    ],
    "age-encryption": ["packages/cli/src/sealed-keys.ts"],
    tweetnacl: ["packages/crypto/src/sealed-box.ts"],
    "node:process": [],
  },
  unwanted: [
    {
      names: ["Math.random", "randomBytes", "randomFillSync", "randomFill", "randomInt"],
      layers: ALL,
      except: ["packages/crypto/src/rng.ts"],
      because: "randomness is an argument of type Rng",
    },
    {
      names: ["getRandomValues", "randomUUID"],
      layers: ALL,
      because: "randomness is an argument of type Rng",
    },
    {
      names: ["process.env", "process.argv"],
      layers: ALL,
      // MOIETY_USE_BUILD, MOIETY_SOURCES and UPDATE_VECTORS, which are no secrets.
      except: [
        "packages/cli/bin/profiler.mjs",
        "packages/cli/bin/run-source.mjs",
        "packages/lab/src/conformance.ts",
      ],
      because: "the environment and arguments are open to others: read a file",
    },
    {
      names: ["console"],
      layers: ALL,
      except: ["packages/cli/bin/require-node.mjs"], // before anything can be imported
      because: "what is printed goes through the log or the command line's output",
    },
    {
      names: ["dealtSetup", "dealOt", "dealStreams"],
      layers: ALL,
      except: [
        "packages/crypto/src/ot/dealt-setup.ts",
        "packages/crypto/src/ot/dealer.ts",
        "packages/crypto/src/ot/unchecked.ts",
      ],
      because: "a dealer knows both sides' secrets: for the simulation only",
    },
    {
      names: ["uncheckedOt"],
      layers: ALL,
      except: ["packages/crypto/src/ot/unchecked.ts", "packages/cli/src/bench/ot.ts"],
      because: "a receiver that is not checked can learn everything: for benches only",
    },
    { names: ["eval", "Function"], layers: ALL, because: "no code is made from text" },
    {
      names: ["Date.now", "performance.now", "Date"],
      layers: ["crypto", "ledger", "protocols"],
      because: "time is an argument: a role is a function of input, seed and inbox",
    },
    {
      names: ["osRng"],
      layers: ["ledger", "protocols", "model", "policy"],
      because: "randomness comes with the session, or as an argument",
    },
    {
      names: ["osRng", "systemClock", "Date.now", "setTimeout", "setInterval"],
      layers: ["node"],
      // Where a node is composed, and what runs beside nodes and never in one.
      except: [
        "packages/node/src/surroundings.ts",
        "packages/node/src/index.ts",
        "packages/node/src/diagnosis/diagnose.ts",
        "packages/node/src/diagnosis/peers.ts",
      ],
      because: "time and randomness come with the context, so that nodes can be simulated",
    },
  ],
  launchers: {
    "demo/bin/demo.mjs": ["packages/cli/bin/"],
    "test/crash/run-batch.mjs": ["packages/cli/bin/"],
    "test/crash/run.mjs": ["packages/cli/bin/"],
    "test/durability/run-strace.mjs": ["packages/cli/bin/"],
    "test/sim/run.mjs": ["packages/cli/bin/"],
    "test/soak/soak.mjs": ["packages/cli/bin/"],
  },
  maxLines: 400,
};

const ROOT = fileURLToPath(new URL("..", import.meta.url));

it("finds nothing in this repository that breaks the rules", () => {
  const repository = readRepository(ROOT, ["packages", "protocols", "demo", "test"]);
  expect(repository.sources.length).toBeGreaterThan(200);
  expect(Object.keys(repository.manifests)).toContain("packages/kit");
  expect(violations(repository, RULES)).toEqual([]);
});

it("knows every layer, and the arrows themselves make no circle", () => {
  const { manifests } = readRepository(ROOT, ["packages"]);
  const layers = Object.keys(manifests).filter((folder) => folder.startsWith("packages/"));
  for (const folder of layers) expect(Object.keys(ARROWS)).toContain(folder.slice(9));
  const graph = Object.entries(ARROWS).map(([from, to]) => [from, new Set(to)] as const);
  expect(circles(new Map(graph))).toEqual([]);
});

/** A small world in which all is well, with some files added. */
function worldWith(files: Readonly<Record<string, string>>): string[] {
  const plain = { exports: { ".": {} } };
  const manifests: Record<string, Manifest> = {
    "": { devDependencies: { vitest: "1", typescript: "1" } },
    "packages/crypto": { ...plain, dependencies: { tweetnacl: "1" } },
    "packages/kit": { ...plain, dependencies: { "@moiety/crypto": "1", msgpackr: "1" } },
    "packages/node": { ...plain, dependencies: { "@moiety/kit": "1", "@moiety/lab": "1" } },
    "packages/lab": { ...plain, dependencies: { "@moiety/kit": "1" } },
    protocols: { ...plain, dependencies: { "@moiety/kit": "1" } },
  };
  const well = {
    "packages/crypto/src/index.ts": 'export * from "./ring.ts";',
    "packages/crypto/src/ring.ts": "// Math.random() and process.env in a comment\nexport {};",
    "packages/kit/src/index.ts": 'import type { Rng } from "@moiety/crypto";\nexport type R = Rng;',
    "packages/kit/src/link.test.ts": 'import "vitest"; import "@moiety/lab"; import "./index.ts";',
    "test/all.test.ts": 'import "@moiety/kit"; import "vitest"; import "node:fs";',
  };
  const sources = Object.entries({ ...well, ...files }).map(([path, text]) => ({ path, text }));
  return violations({ sources, manifests }, RULES);
}

it("is content with a small world in which all is well", () => {
  expect(worldWith({})).toEqual([]);
});

const AT = "packages/kit/src/bad.ts";
const UP = `${AT}: kit may not import node`;

it.each([
  ["an arrow that points up", AT, 'import "@moiety/node";', UP],
  ["a type-only arrow", AT, 'import type { N } from "@moiety/node";', UP],
  ["a dynamic arrow", AT, 'await import("@moiety/node");', UP],
  ["an arrow in a type", AT, 'type N = import("@moiety/node").N;', UP],
  ["a re-export", AT, 'export * from "@moiety/node";', UP],
  ["a require", AT, 'createRequire(import.meta.url).resolve("@moiety/node");', UP],
  ["an arrow to oneself", AT, 'import "@moiety/kit";', "kit may not import kit"],
  ["a test that reaches up", "packages/kit/src/b.test.ts", 'import "@moiety/node";', "import node"],
  ["the bench in a source", "packages/node/src/a.ts", 'import "@moiety/lab";', "import lab"],
  ["a deep import", AT, 'import "@moiety/crypto/src/ring.ts";', "not what @moiety/crypto exports"],
  ["a way around a name", AT, 'import "../../crypto/src/ring.ts";', "reaches out of packages/kit"],
  ["an unlisted package", AT, 'import "left-pad/x";', "left-pad is not in the package.json"],
  ["an unlisted neighbour", "protocols/a/p.ts", 'import "@moiety/crypto";', "not in the package"],
  ["a tool of tests", AT, 'import "vitest";', "vitest is not in the package.json"],
  ["a test in a source", AT, 'import "./testing/ping.ts";', "which is a test's"],
  ["a confined package", AT, 'import { pack } from "msgpackr/pack";', "kit/src/msgpack.ts only"],
  ["bad randomness", AT, "export const r = Math.random();", "uses Math.random"],
  ["hidden randomness", AT, "const { random: r } = globalThis.Math;", "uses Math.random"],
  ["quoted randomness", AT, 'export const r = Math["random"]();', "uses Math.random"],
  ["the system's randomness", AT, 'import { randomBytes } from "node:crypto";', "randomBytes"],
  ["the environment", AT, "const { env } = process;", "uses process.env"],
  ["the environment by import", AT, 'import { env } from "node:process";', "no place only"],
  ["a print", AT, 'console.log("x");', "uses console"],
  ["code from text", AT, 'export const f = new Function("return 1");', "uses Function"],
  ["a clock in a protocol", "protocols/a/p.ts", "export const t = Date.now();", "uses Date.now"],
  ["a timer in a node", "packages/node/src/a.ts", "setTimeout(go, 5);", "uses setTimeout"],
  ["a long file", AT, "\n".repeat(401), "401 lines, at most 400"],
  ["a long test", "test/long.test.ts", "\n".repeat(401), "401 lines, at most 400"],
])("finds %s", (_, path, text, complaint) => {
  const found = worldWith({ [path]: text });
  expect(found.join("\n")).toContain(complaint);
  expect(found.every((sentence) => sentence.startsWith(path))).toBe(true);
});

it("finds a circle of files, also a type-only one, and one of packages", () => {
  const files = worldWith({
    "packages/kit/src/a.ts": 'import "./b.ts";',
    "packages/kit/src/b.ts": 'import type { A } from "./a.ts";',
  });
  expect(files).toEqual([
    "files in a circle: packages/kit/src/a.ts → packages/kit/src/b.ts → packages/kit/src/a.ts",
  ]);
  const packages = worldWith({
    "packages/kit/src/a.ts": 'import "@moiety/node";',
    "packages/node/src/a.ts": 'import "@moiety/kit";',
  });
  expect(packages).toContain("packages in a circle: kit → node → kit");
});
