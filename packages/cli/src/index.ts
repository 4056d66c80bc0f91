export { type Colours, errorColours, outColours } from "./colours.ts";
export { type InitOptions, type MadeNetwork, makeNetwork } from "./init.ts";
export { type Progress, progressBar } from "./progress.ts";
export { type BatchAnswer, type ScoreOptions, scoreBatch } from "./scoring.ts";
export { type Target, targetOf } from "./target.ts";
