/** A process that runs the seeds that it is given, one after the other. */
import { simulate } from "./simulation.ts";

let current = -1;
// A rejection that nobody handles belongs to the seed that runs.
let unhandled: string[] = [];
process.on("unhandledRejection", (reason) => {
  unhandled.push(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`);
});

process.on("message", (seed: number) => {
  current = seed;
  unhandled = [];
  void simulate(seed).then((outcome) => {
    const violations = [...outcome.violations, ...unhandled];
    const trace = violations.length > 0 ? outcome.trace : [];
    process.send?.({ ...outcome, violations, trace, seed: current });
  });
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
