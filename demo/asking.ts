/** The bank asks: one by one or in a batch, and only for those whose score is not kept yet. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { progressBar, scoreBatch } from "@moiety/cli";
import { callNode, type ScoreAnswer } from "@moiety/node";
import { csvLine } from "./csv-line.ts";
import { writeAtomically } from "./kept/atomic-file.ts";
import { percentile } from "./percentile.ts";
import { booked, type Scene } from "./stage.ts";

/** People from one position in the list up to, but without, another. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Asks for each person alone, one inquiry after the other; keeps score and time of each. */
export async function askSingly(scene: Scene, { from, to }: Range, when = ""): Promise<void> {
  if (to === from) return;
  const { cast, nodes, tell, results, signal } = scene;
  const done = tell.step(`bank asks for ${to - from} people, one after the other${when}`);
  const pending = results.pending(from, to);
  if (pending.length === 0) return done.before("all their scores are kept");
  const socket = nodes.socket(cast.bank);
  const bar = progressBar(tell.quiet);
  try {
    await booked(
      scene,
      () => "single",
      async (count) => {
        for (const [at, person] of pending.entries()) {
          const body = { identifiers: [cast.people[person]!.identifier], type: cast.type };
          const started = performance.now();
          const { score } = await callNode<ScoreAnswer>(socket, "/score", { body, signal });
          const ms = Math.round((performance.now() - started) * 1000) / 1000;
          results.append({ person, score, ms });
          count(1);
          bar.update(to - from - pending.length + at + 1, to - from, "scored");
        }
      },
    );
  } finally {
    bar.stop();
  }
  const times = pending.map((person) => results.of(person)?.ms as number);
  const [p50, p99] = [percentile(times, 50), percentile(times, 99)];
  done(`p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, the whole inquiry`);
}

/** Asks for all of them as `moiety score --batch` does, which resumes by itself; gives the scores. */
export async function askBatch(scene: Scene, { from, to }: Range): Promise<number[]> {
  if (to === from) return [];
  const { cast, nodes, tell, ledger, folder, signal } = scene;
  const done = tell.step(`bank asks for ${to - from} people in a batch`);
  const output = join(folder, "scores.csv");
  if (existsSync(output)) {
    done.before("all their scores are kept");
    return scoresIn(output);
  }
  const input = join(folder, "ids.csv");
  const lines = cast.people.slice(from, to).map(({ identifier }) => csvLine([identifier]));
  writeAtomically(input, `id\n${lines.join("")}`);
  const { perSecond, resumed } = await booked(
    scene,
    () => "batch",
    async (count) => {
      const options = { type: cast.type };
      const target = nodes.target(cast.bank);
      const answer = await scoreBatch(target, input, output, options, tell.quiet, signal);
      // Those, too, whom an interrupted run asked for: it could not say how many they were.
      count(to - from - (ledger.of("batch")?.items ?? 0));
      return answer;
    },
  );
  const kept = resumed > 0 ? `; ${resumed} were kept` : "";
  done(`${perSecond.toFixed(0)} people a second, pseudonyms included${kept}`);
  return scoresIn(output);
}

/** The last column of a CSV of scores. */
function scoresIn(file: string): number[] {
  const [, ...rows] = readFileSync(file, "utf8").trimEnd().split("\n");
  return rows.map((row) => Number(row.slice(row.lastIndexOf(",") + 1)));
}
