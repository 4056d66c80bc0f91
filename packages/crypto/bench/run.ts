/** Prints a table: node --conditions=moiety-source --import tsx packages/crypto/bench/run.ts */
import { measurePoints } from "./points.ts";

function line(cells: readonly string[]): string {
  return `${cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(12))).join("")}\n`;
}

process.stdout.write(line(["CPU us per element", "batch", "libsodium", "kernel", "ratio"]));
for (const { operation, batch, libsodium, kernel } of measurePoints([1, 4, 512])) {
  const [us, ratio] =
    kernel === undefined ? ["-", "-"] : [kernel.toFixed(1), (libsodium / kernel).toFixed(1)];
  process.stdout.write(line([operation, String(batch), libsodium.toFixed(1), us, ratio]));
}
