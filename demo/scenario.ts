/** The good day: deposit, certify, score one by one and in a batch, lose a platform, go on. */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type MadeNetwork, makeNetwork, progressBar, scoreBatch, type Target } from "@moiety/cli";
import { auc, type BinsByDomain, score } from "@moiety/model";
import {
  callNode,
  type DepositProgress,
  type NodeStatus,
  type ScoreAnswer,
  streamNode,
} from "@moiety/node";
import { type Cast, type DemoPerson, plainKey } from "./cast.ts";
import { binsInTheClear } from "./in-the-clear.ts";
import { Nodes } from "./nodes.ts";
import { percentile } from "./percentile.ts";
import type { Teller } from "./teller.ts";

/** People who are scored one after the other, and of those how many after a platform has stopped. */
const SINGLES = 300;
const AFTER_STOP = 50;

export interface Outcome {
  readonly people: number;
  readonly platforms: number;
  /** Inquiries for one person each, and people in the batch. */
  readonly inquiries: number;
  readonly batch: number;
  readonly mismatches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly batchPerSecond: number;
  /** Area under the ROC curve of the network's scores, and of the plaintext scorecard's. */
  readonly aucPrivate: number | null;
  readonly aucPlain: number | null;
  readonly depositSeconds: number;
  readonly stopped: string;
}

export interface Played {
  readonly outcome: Outcome;
  readonly statuses: readonly NodeStatus[];
}

export class Scenario {
  readonly #cast: Cast;
  readonly #folder: string;
  readonly #tell: Teller;
  #nodes: Nodes | undefined;

  constructor(cast: Cast, folder: string, tell: Teller) {
    this.#cast = cast;
    this.#folder = folder;
    this.#tell = tell;
  }

  get nodes(): Nodes {
    if (this.#nodes === undefined) throw new Error("no network yet");
    return this.#nodes;
  }

  async play(): Promise<Played> {
    await this.#openNetwork();
    const depositSeconds = await this.#deposit();
    await this.#certify();
    const plain = await this.#plainScores();
    const { people, platforms } = this.#cast;
    const singles = Math.min(SINGLES, Math.ceil(people.length / 2));
    const before = singles - Math.min(AFTER_STOP, Math.floor(singles / 2));
    const first = await this.#scoreSingly(people.slice(0, before));
    const batch = await this.#scoreBatch(people.slice(singles));
    const stopped = await this.#stopPlatform();
    const second = await this.#scoreSingly(people.slice(before, singles));
    const scores = [...first.scores, ...second.scores, ...batch.scores];
    const latencies = [...first.latencies, ...second.latencies];
    const outcome: Outcome = {
      people: people.length,
      platforms: platforms.length,
      inquiries: singles,
      batch: batch.scores.length,
      mismatches: scores.filter((points, i) => points !== plain[i]).length,
      p50Ms: rounded(percentile(latencies, 50)),
      p99Ms: rounded(percentile(latencies, 99)),
      batchPerSecond: rounded(batch.perSecond),
      aucPrivate: this.#auc(scores),
      aucPlain: this.#auc(plain),
      depositSeconds: rounded(depositSeconds),
      stopped,
    };
    return { outcome, statuses: await this.#statuses() };
  }

  /** Stops whatever runs. */
  async end(): Promise<void> {
    await this.#nodes?.stopAll();
  }

  async #openNetwork(): Promise<void> {
    const { platforms } = this.#cast;
    const done = this.#tell.step("keys, pinned certificates, a signed roster: making the network");
    const made: MadeNetwork = await makeNetwork(join(this.#folder, "network"), {
      network: "moiety-demo",
      banks: ["bank"],
      catalogues: platforms.map(({ catalogueFile }) => catalogueFile),
      host: "127.0.0.1",
      basePort: 0,
    });
    this.#nodes = new Nodes(made);
    await this.#nodes.startAll();
    done(`${this.#nodes.names.length} nodes run, each its own process`);
  }

  /** All platforms at once; they do not know of each other. */
  async #deposit(): Promise<number> {
    const { platforms } = this.#cast;
    const done = this.#tell.step("platforms deposit: pseudonyms, then halves to both bureaus");
    const started = performance.now();
    const bar = progressBar(this.#tell.quiet);
    const counts = new Map<string, number>();
    const totals = new Map<string, number>();
    try {
      await Promise.all(
        platforms.map(async ({ catalogue: { domain }, csv }) => {
          const { socket } = this.#target(domain);
          const body = { csv };
          for await (const step of streamNode<DepositProgress>(socket, "/deposit", { body })) {
            if (step.stage === "send") continue;
            counts.set(domain, step.done);
            totals.set(domain, step.of);
            if (totals.size === platforms.length) bar.update(sum(counts), sum(totals), "enrolled");
          }
        }),
      );
    } finally {
      bar.stop();
    }
    const seconds = (performance.now() - started) / 1000;
    const each = [...totals].map(([domain, people]) => `${domain} ${people}`).join(", ");
    done(`${sum(totals)} records in two halves (${each})`);
    return seconds;
  }

  async #certify(): Promise<void> {
    const { model, modelFile } = this.#cast;
    const done = this.#tell.step(
      "bank splits its scorecard; supervisor certifies; bureaus install",
    );
    const { socket } = this.#target("bank");
    const body = { text: readFileSync(modelFile, "utf8"), file: basename(modelFile) };
    await callNode(socket, "/model/certify", { body });
    await callNode(socket, "/model/deploy", { body: { model: model.name } });
    done(
      `${model.name}: ${model.characteristics.length} characteristics, hidden from both bureaus`,
    );
  }

  /** In the harness only: nobody in the network can do this. */
  async #plainScores(): Promise<number[]> {
    const { platforms, people, model, type } = this.#cast;
    const known = await binsInTheClear(platforms);
    const nobody: BinsByDomain = new Map();
    return people.map(({ identifier }) =>
      score(model, known.get(plainKey(type, identifier)) ?? nobody),
    );
  }

  async #scoreSingly(
    people: readonly DemoPerson[],
  ): Promise<{ scores: number[]; latencies: number[] }> {
    const done = this.#tell.step(`bank asks for ${people.length} people, one after the other`);
    const { socket } = this.#target("bank");
    const scores: number[] = [];
    const latencies: number[] = [];
    const bar = progressBar(this.#tell.quiet);
    for (const { identifier } of people) {
      const started = performance.now();
      const body = { identifiers: [identifier], type: this.#cast.type };
      const answer = await callNode<ScoreAnswer>(socket, "/score", { body });
      latencies.push(performance.now() - started);
      scores.push(answer.score);
      bar.update(scores.length, people.length, "scored");
    }
    bar.stop();
    const [p50, p99] = [percentile(latencies, 50), percentile(latencies, 99)];
    done(`p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, the whole inquiry`);
    return { scores, latencies };
  }

  async #scoreBatch(
    people: readonly DemoPerson[],
  ): Promise<{ scores: number[]; perSecond: number }> {
    if (people.length === 0) return { scores: [], perSecond: 0 };
    const done = this.#tell.step(`bank asks for ${people.length} people in a batch`);
    const ids = join(this.#folder, "ids.csv");
    const output = join(this.#folder, "scores.csv");
    const lines = people.map(({ identifier }) => `${identifier}\n`);
    writeFileSync(ids, `id\n${lines.join("")}`, { mode: 0o600 });
    const options = { type: this.#cast.type };
    const target = this.#target("bank");
    const { perSecond } = await scoreBatch(target, ids, output, options, this.#tell.quiet);
    const [, ...rows] = readFileSync(output, "utf8").trimEnd().split("\n");
    done(`${perSecond.toFixed(0)} people a second, pseudonyms included`);
    return { scores: rows.map((row) => Number(row.slice(row.lastIndexOf(",") + 1))), perSecond };
  }

  /** The platform with the last domain goes away; what it deposited stays. */
  async #stopPlatform(): Promise<string> {
    const domain = this.#cast.platforms.at(-1)?.catalogue.domain ?? "";
    const done = this.#tell.step(`${domain} shuts its node down`);
    await this.nodes.stop(domain);
    done("its halves serve on");
    return domain;
  }

  #auc(scores: readonly number[]): number | null {
    const outcomes = this.#cast.people.map(({ outcome }) => outcome);
    if (outcomes.some((outcome) => outcome === undefined)) return null;
    if (new Set(outcomes).size < 2) return null;
    const area = auc(scores, outcomes as number[]);
    return Math.round(area * 1e6) / 1e6;
  }

  async #statuses(): Promise<NodeStatus[]> {
    const stopped = this.#cast.platforms.at(-1)?.catalogue.domain;
    const up = this.nodes.names.filter((name) => name !== stopped);
    return Promise.all(up.map((name) => this.nodes.status(name)));
  }

  #target(name: string): Target {
    return this.nodes.targets[name] as Target;
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, each) => total + each, 0);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
