/** What a run shows to a person. */
import type { Outcome } from "./simulation.ts";

/** A failing run: what is wrong, what happened, how to see it again. */
export function failureReport({ seed, violations, trace, digest }: Outcome): string {
  return [
    `seed ${seed} fails:`,
    ...violations.map((words) => `  ${words}`),
    "what happened (seconds of virtual time):",
    ...trace.map((line) => `  ${line}`),
    `digest ${digest}; again with: npm run test:sim -- --seed ${seed}`,
  ].join("\n");
}
