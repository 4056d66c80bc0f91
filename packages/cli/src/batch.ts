/** `moiety score --batch`: a CSV of people, resumable after whatever ended it. */
import { createReadStream, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { readIdentifiersCsv } from "@moiety/model";
import {
  type BatchLine,
  ControlError,
  callNode,
  MAX_REQUEST_IDENTIFIERS,
  OUT_OF_RANGE,
  type ScoreTerms,
  SetupError,
  streamNode,
} from "@moiety/node";
import { BatchJournal, syncFolder } from "./batch-journal.ts";
import { type Progress, progressBar } from "./progress.ts";
import type { ScoreOptions } from "./scoring.ts";
import type { Target } from "./target.ts";

/** Longest time without any score while a node is away; then the batch ends, to be resumed. */
const PATIENCE_MS = 120_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** People in one request, and requests under way at a time. */
const REQUEST_PEOPLE = Math.min(10_000, MAX_REQUEST_IDENTIFIERS);
const REQUESTS_AT_ONCE = 2;
/** Rows written to the output at a time. */
const ROWS_AT_ONCE = 10_000;

export interface BatchOptions extends ScoreOptions {
  /** Forgets what an interrupted run has left, of whatever batch. */
  readonly fresh?: boolean;
  readonly patienceMs?: number;
}

export interface BatchAnswer {
  readonly people: number;
  /** Of these, how many an earlier run had scored. */
  readonly resumed: number;
  readonly seconds: number;
  /** Of those who were scored now. */
  readonly perSecond: number;
  readonly output: string;
}

/**
 * Scores everybody in a CSV, in its order; the output appears whole or not at all. Until then scores
 * are kept, synced block by block, in `<output>.part`: the next call with the same people, model
 * and purpose goes on there, and asks for nobody twice whose score had arrived. While a node is away
 * it tries again for some time. Throws `SetupError`, `ControlError`, or the reason of `signal`.
 */
export async function scoreBatch(
  target: Target,
  input: string,
  output: string,
  options: BatchOptions,
  quiet: boolean,
  signal?: AbortSignal,
): Promise<BatchAnswer> {
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory())
    throw new SetupError(`${output} is a folder; name a file for the scores`);
  const { fresh = false, patienceMs = PATIENCE_MS, ...asked } = options;
  const { type, region, scheme, model, purpose } = asked;
  const source = input === "-" ? process.stdin : createReadStream(input);
  const { asWritten } = await readIdentifiersCsv(source, type, { region, scheme }, input);
  const { consents } = asked;
  if (consents !== undefined && consents.length !== asWritten.length)
    throw new SetupError(`${consents.length} consents for ${asWritten.length} people in ${input}`);
  const terms = await callNode<ScoreTerms>(target.socket, "/score/terms", {
    body: { ...(model !== undefined && { model }), ...(purpose !== undefined && { purpose }) },
    ...(signal && { signal }),
  });
  if (fresh) await BatchJournal.discard(output);
  const journal = await BatchJournal.open(output, {
    identifiers: asWritten,
    terms: JSON.stringify({ ...terms, type, region, scheme }),
  });
  const run: Run = { socket: target.socket, asWritten, asked, journal, quiet, signal, patienceMs };
  const resumed = journal.kept;
  const started = performance.now();
  try {
    await askForMissing(run);
    const { min, max } = terms.range;
    if (journal.scores.some((score) => score < min || score > max))
      throw new SetupError(OUT_OF_RANGE);
    // Where consents are asked for, people may also dispute what is said of them.
    const disputed = consents === undefined ? undefined : journal.disputed;
    await writeOutput(output, asWritten, journal.scores, disputed);
    await journal.remove();
  } catch (error) {
    await (journal.kept === 0 ? journal.remove() : journal.close());
    throw error;
  }
  const seconds = (performance.now() - started) / 1000;
  const people = asWritten.length;
  return { people, resumed, seconds, perSecond: (people - resumed) / seconds, output };
}

interface Run {
  readonly socket: string;
  readonly asWritten: readonly string[];
  readonly asked: ScoreOptions;
  readonly journal: BatchJournal;
  readonly quiet: boolean;
  readonly signal: AbortSignal | undefined;
  readonly patienceMs: number;
}

/** Whatever the scores are, all are asked for: see the bank's own rule about batches. */
async function askForMissing(run: Run): Promise<void> {
  const { journal, quiet, signal, patienceMs } = run;
  const progress = progressBar(quiet);
  let pauseMs = FIRST_PAUSE_MS;
  let lastScoreAt = performance.now();
  let said = "";
  try {
    while (journal.missing(1) !== undefined) {
      const before = journal.kept;
      try {
        await askForAll(run, progress);
      } catch (error) {
        if (!(error instanceof ControlError && error.away)) throw error;
        if (journal.kept > before) {
          pauseMs = FIRST_PAUSE_MS;
          lastScoreAt = performance.now();
        }
        if (performance.now() - lastScoreAt > patienceMs) throw givenUp(run, error);
        if (error.message !== said) progress.note(`${error.message}; trying again`);
        said = error.message;
        await pause(pauseMs, signal);
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  } finally {
    progress.stop();
  }
}

/**
 * Asks once for everybody whose score is missing, two requests at a time: the node reads one while it
 * answers the other. After a failure no more are begun, and the first is thrown.
 */
async function askForAll(run: Run, progress: Progress): Promise<void> {
  const { journal, asWritten } = run;
  const [since, before] = [performance.now(), journal.kept];
  const told = (): void => {
    const perSecond = ((journal.kept - before) / (performance.now() - since)) * 1000;
    progress.update(journal.kept, asWritten.length, "scoring", `${perSecond.toFixed(0)} a second`);
  };
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (;;) {
      const gap = failure === undefined ? journal.missing(REQUEST_PEOPLE, next) : undefined;
      if (gap === undefined) return;
      next = gap.start + gap.count;
      try {
        await askFor(run, gap, told);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, lane));
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
}

/** Asks for the people of one gap; each block is synced before the next is looked at. */
async function askFor(
  { socket, asWritten, asked, journal, signal }: Run,
  { start, count }: { readonly start: number; readonly count: number },
  told: () => void,
): Promise<void> {
  const identifiers = asWritten.slice(start, start + count);
  const consents = asked.consents?.slice(start, start + count);
  const body = { ...asked, identifiers, ...(consents !== undefined && { consents }) };
  const request = { body, ...(signal && { signal }) };
  let answered = 0;
  try {
    for await (const block of streamNode<BatchLine>(socket, "/batch", request)) {
      await journal.keep({ ...block, start: start + block.start });
      answered += block.scores.length;
      told();
    }
  } catch (error) {
    const isOdd = error instanceof ControlError && error.message === OUT_OF_RANGE;
    if (!isOdd) throw error; // that is told once all are asked for
  }
  if (answered !== count)
    throw new SetupError(`the node answered for ${answered} of ${count} people`);
}

function givenUp({ journal, asWritten }: Run, error: ControlError): SetupError {
  return new SetupError(
    `${error.message}. ${journal.kept} of ${asWritten.length} scores are kept in ${journal.file}: ` +
      "run the same command again to go on",
  );
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Written beside, synced, renamed: whoever sees the output sees all of it. */
async function writeOutput(
  output: string,
  asWritten: readonly string[],
  scores: Uint16Array,
  disputed: ReadonlySet<number> | undefined,
): Promise<void> {
  const flag = (row: number): string => {
    if (disputed === undefined) return "";
    return disputed.has(row) ? ",yes" : ",no";
  };
  const beside = `${output}.new`;
  // Made anew and by nobody else: a file that somebody put there would keep its mode, or be a link.
  await rm(beside, { force: true });
  const file = await open(beside, "wx", 0o600);
  try {
    await file.writeFile(`id,score${disputed === undefined ? "" : ",disputed"}\n`);
    for (let start = 0; start < scores.length; start += ROWS_AT_ONCE) {
      const rows = asWritten
        .slice(start, start + ROWS_AT_ONCE)
        .map((id, at) => `${quoted(id)},${scores[start + at]}${flag(start + at)}\n`);
      await file.writeFile(rows.join(""));
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, output);
  await syncFolder(output);
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
