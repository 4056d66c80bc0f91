// `node packages/crypto/kernel/build.mjs`: before whatever wants the kernels, see compile.mjs.
import { buildKernels } from "./compile.mjs";

if ((await buildKernels()) === "unavailable") {
  const why = "assemblyscript is not installed; what serves instead is slower";
  process.stderr.write(`kernels: not compiled, ${why}\n`);
}
