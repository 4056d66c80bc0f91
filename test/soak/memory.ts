/** What processes take, sample by sample, and how fast it grows. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Longest life of one process of a node, in samples (minutes since the start, MiB). */
export interface Growth {
  readonly node: string;
  readonly lives: number;
  /** Of the longest life. */
  readonly minutes: number;
  readonly firstMiB: number;
  readonly lastMiB: number;
  /** Least squares over the second half of the longest life; its first half warms up. */
  readonly slopeMiBPerMinute: number;
}

type Life = (readonly [minutes: number, mebibytes: number])[];

export class Memory {
  readonly #run: string;
  readonly #lives = new Map<string, Life[]>();
  readonly #startedAt = performance.now();

  /** `run`: the folder in which nodes publish their metrics' ports. */
  constructor(run: string) {
    this.#run = run;
  }

  /** A new process of this node begins. */
  born(node: string): void {
    const lives = this.#lives.get(node) ?? [];
    this.#lives.set(node, lives);
    lives.push([]);
  }

  /** Reads what each node says of itself; one that does not answer is left out. */
  async sample(nodes: readonly string[]): Promise<void> {
    await Promise.all(
      nodes.map(async (node) => {
        const bytes = await this.#resident(node).catch(() => undefined);
        if (bytes === undefined) return;
        const minutes = (performance.now() - this.#startedAt) / 60_000;
        this.#lives
          .get(node)
          ?.at(-1)
          ?.push([minutes, bytes / 2 ** 20]);
      }),
    );
  }

  growth(): Growth[] {
    return [...this.#lives].map(([node, lives]) => {
      const longest = lives.reduce((best, life) => (span(life) > span(best) ? life : best));
      return {
        node,
        lives: lives.length,
        minutes: span(longest),
        firstMiB: longest[0]?.[1] ?? Number.NaN,
        lastMiB: longest.at(-1)?.[1] ?? Number.NaN,
        slopeMiBPerMinute: slope(longest.slice(longest.length >> 1)),
      };
    });
  }

  async #resident(node: string): Promise<number> {
    const port = readFileSync(join(this.#run, `${node}.metrics-port`), "utf8").trim();
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^process_resident_memory_bytes\{[^}]*\} (\S+)$/m.exec(text)?.[1]);
  }
}

function span(life: Life): number {
  return life.length === 0 ? 0 : (life.at(-1)?.[0] as number) - (life[0]?.[0] as number);
}

/** Least squares. */
export function slope(points: Life): number {
  const n = points.length;
  if (n < 2) return 0;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return covariance / variance;
}
