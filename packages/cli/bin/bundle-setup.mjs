// Before tests that start nodes: the first of them need not wait for the bundle, nor make it.
import { bundled } from "./bundle.mjs";

export async function setup() {
  await bundled(new URL("../src/main.ts", import.meta.url));
}
