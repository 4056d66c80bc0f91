import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["moiety-source"] },
  ssr: { resolve: { conditions: ["moiety-source"], externalConditions: ["moiety-source"] } },
  test: {
    include: [
      "packages/**/*.test.ts",
      "protocols/**/*.test.ts",
      "demo/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Compiles the WASM kernel and joins the command's modules, where their sources changed.
    globalSetup: ["packages/crypto/kernel/compile.mjs", "packages/cli/bin/bundle-setup.mjs"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    server: { deps: { inline: [/^@moiety\//] } },
  },
});
