// Loaded before a node by the benches: how long its event loop was held up, between two messages, and
// the most memory that the process had then.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const SAMPLED_MS = 250;

let delay;
let peakBytes = 0;
const sample = setInterval(() => {
  peakBytes = Math.max(peakBytes, ownBytes());
}, SAMPLED_MS);
sample.unref();

// Without the pages of files that the kernel maps: a store's are the cache's, not the process's.
function ownBytes() {
  try {
    const [, kibibytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
    return 1024 * Number(kibibytes);
  } catch {
    return process.memoryUsage.rss(); // not Linux
  }
}

process.on("message", ({ turns }) => {
  if (turns === undefined) return;
  const seen = delay && {
    longestMs: delay.max / 1e6,
    p999Ms: delay.percentile(99.9) / 1e6,
    peakBytes,
  };
  delay?.disable();
  delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  peakBytes = ownBytes();
  process.send({ turns: seen ?? {} });
});
// Listening must not keep a process alive that has nothing else to do.
process.channel?.unref();
