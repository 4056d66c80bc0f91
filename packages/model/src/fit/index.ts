export * from "./edges.ts";
export * from "./evidence.ts";
export * from "./fit-error.ts";
export * from "./fit-scorecard.ts";
export * from "./judge.ts";
export * from "./sample.ts";
export * from "./sample-csv.ts";
export * from "./types.ts";
