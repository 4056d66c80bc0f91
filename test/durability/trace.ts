/** Reads what strace wrote of a node, and says which acknowledgements were not durable when given. */

/** File descriptors of the store: the one that is synced, and the one whose writes are (O_DSYNC). */
export interface StoreFiles {
  readonly data: number;
  readonly meta: number;
}

/** An acknowledgement, and the point after which what it acknowledges is written. */
export interface Promised {
  readonly said: string;
  readonly after: string;
}

export interface Verdict {
  /** Acknowledgements found, by message. */
  readonly acknowledged: Readonly<Record<string, number>>;
  readonly commits: number;
  /** Acknowledgements without a commit of their own before them, in words. */
  readonly hollow: readonly string[];
}

/** A commit is durable once its pages are synced and then the meta page is written through. */
interface Commit {
  readonly begun: number;
  readonly durable: number;
}

/**
 * `lines`: of `strace -f`. The k-th acknowledgement of a kind belongs to the k-th passing of its point:
 * what is traced has to be asked one after the other.
 */
export function judge(
  lines: readonly string[],
  files: StoreFiles,
  promised: readonly Promised[],
): Verdict {
  const calls = completed(lines);
  const commits = commitsOf(calls, files);
  const marks = calls.flatMap(({ text, end }) => {
    const [, mark] = /^write\(\d+, "((?:milestone|said):[a-z.-]+)/.exec(text) ?? [];
    return mark === undefined ? [] : [{ mark, at: end }];
  });
  const places = (mark: string): number[] =>
    marks.filter((each) => each.mark === mark).map(({ at }) => at);
  const acknowledged: Record<string, number> = {};
  const hollow = promised.flatMap(({ said, after }) => {
    const [acks, begun] = [places(`said:${said}`), places(`milestone:${after}`)];
    acknowledged[said] = acks.length;
    return acks.flatMap((ack, k) => {
      const from = begun[k];
      const durable = from !== undefined && commits.some((c) => c.begun > from && c.durable < ack);
      return durable ? [] : [`${said} ${k + 1}: no commit between ${after} and line ${ack + 1}`];
    });
  });
  return { acknowledged, commits: commits.length, hollow };
}

interface Call {
  readonly text: string;
  /** Line at which it began, and at which it returned. */
  readonly begin: number;
  readonly end: number;
}

/** System calls in the order of their return; those cut in two by another thread are joined. */
function completed(lines: readonly string[]): Call[] {
  const open = new Map<string, { text: string; begin: number }>();
  return lines.flatMap((line, at) => {
    const [, thread, rest] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) return [];
    const cut = /^(.*?) *<unfinished \.\.\.>$/.exec(rest);
    if (cut !== null) {
      open.set(thread, { text: cut[1] as string, begin: at });
      return [];
    }
    const joined = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (joined === null) return [{ text: rest, begin: at, end: at }];
    const start = open.get(thread);
    return start === undefined
      ? []
      : [{ text: start.text + (joined[1] as string), begin: start.begin, end: at }];
  });
}

/** LMDB has one writer at a time: what is synced, then pointed to, is one commit. */
function commitsOf(calls: readonly Call[], { data, meta }: StoreFiles): Commit[] {
  const commits: Commit[] = [];
  let begun: number | undefined;
  for (const { text, begin, end } of calls) {
    if (text.startsWith(`fdatasync(${data})`)) begun = / = 0$/.test(text) ? begin : undefined;
    else if (text.startsWith(`pwrite64(${meta},`) && begun !== undefined) {
      if (/ = \d+$/.test(text)) commits.push({ begun, durable: end });
      begun = undefined;
    }
  }
  return commits;
}
