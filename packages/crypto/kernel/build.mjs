// `node packages/crypto/kernel/build.mjs`: before whatever wants the kernel, see compile.mjs.
import { buildKernel } from "./compile.mjs";

if ((await buildKernel()) === "unavailable") {
  const why = "assemblyscript is not installed; libsodium, which is slower, serves instead";
  process.stderr.write(`point kernel: not compiled, ${why}\n`);
}
