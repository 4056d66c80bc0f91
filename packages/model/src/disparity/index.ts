export * from "./disparity.ts";
