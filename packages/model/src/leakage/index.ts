export * from "./leakage.ts";
export type { Outputs, ScoreOutput } from "./outputs.ts";
export * from "./sample-leakage.ts";
