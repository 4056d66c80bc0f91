import type { FitFacts } from "./fit-report/facts.ts";

export { type BatchAnswer, type BatchOptions, scoreBatch } from "./batch.ts";
export { type Colours, errorColours, outColours } from "./colours.ts";
export { type InitOptions, type MadeNetwork, makeNetwork } from "./init.ts";
export { COMMAND_FILE, LocalNodes } from "./local-nodes.ts";
export { Wallet } from "./memory-wallet.ts";
export { type Progress, progressBar } from "./progress.ts";
export type { ScoreOptions } from "./scoring.ts";
export { type Target, targetOf } from "./target.ts";

export type { FitFacts };

/** The report on a fit as one page of HTML. What draws it is large, and loaded only for who asks. */
export async function fitReport(facts: FitFacts): Promise<string> {
  const { fitPage } = await import("./fit-report/page.ts");
  return fitPage(facts);
}
