/** What a bench is, and what it may ask of whoever runs it. */
import type { Figures } from "./figures.ts";

export interface BenchSetting {
  readonly seed: string;
  /** Medians are over so many runs. */
  readonly runs: number;
  /** Items of one run, in place of the bench's own number. */
  readonly items: number | undefined;
  readonly concurrency: number;
  /** compare: a folder of packages (node_modules) that has what is not installed with this one. */
  readonly packages: string | undefined;
  /** score-batch: only what the two bureaus compute, without stores and banks. */
  readonly kernel: boolean;
  /** score-online: while the same network scores a large batch. */
  readonly besideBatch: boolean;
  /** score-online: where consents are asked for, each inquiry with one of its own. */
  readonly consent: boolean;
  /** Folder for V8 CPU profiles, where they are wanted. */
  readonly profile: string | undefined;
  readonly signal: AbortSignal;
  /** Says what is going on now. */
  say(words: string): void;
  /** Registers what has to be tidied up, however the bench ends. */
  onEnd(tidy: () => Promise<void>): void;
}

export interface Measured {
  readonly parameters: Readonly<Record<string, number | string | boolean>>;
  readonly figures: Figures;
}

export type Measure = (setting: BenchSetting) => Promise<Measured>;

export interface Bench {
  readonly name: string;
  /** What one item is, and what runs where. */
  readonly about: string;
  /** Loaded when it is run: the command line starts without what benches measure. */
  readonly load: () => Promise<Measure>;
}
