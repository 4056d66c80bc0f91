export * from "./categories.ts";
export * from "./purpose-policy.ts";
export * from "./purpose-rules.ts";
