/** The good day: deposit, certify, score one by one and in a batch, lose a platform, go on. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type BinsByDomain, score } from "@moiety/model";
import { callNode } from "@moiety/node";
import { askBatch, askSingly } from "./asking.ts";
import { type Cast, plainKey } from "./cast.ts";
import { depositAll } from "./depositing.ts";
import { binsInTheClear } from "./in-the-clear.ts";
import type { Ledger } from "./kept/ledger.ts";
import { Results } from "./kept/results.ts";
import { openNetwork } from "./network-folder.ts";
import { Nodes } from "./nodes.ts";
import { booked, type Scene } from "./stage.ts";
import type { Teller } from "./teller.ts";

/** People who are scored one after the other, and of those how many after a platform has stopped. */
const SINGLES = 300;
const AFTER_STOP = 50;
const RESULTS_FILE = "inquiries.csv";

/** What a run has to show: every score beside the one in the clear. */
export interface Played {
  readonly scores: readonly number[];
  readonly plain: readonly number[];
  /** Of the people who were asked about alone, in the order of the list. */
  readonly latenciesMs: readonly number[];
  readonly batch: number;
  readonly stopped: string;
  /** Records deposited, all platforms together. */
  readonly records: number;
}

export interface Stagecraft {
  readonly folder: string;
  readonly tell: Teller;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
}

export class Scenario {
  readonly #cast: Cast;
  readonly #craft: Stagecraft;
  #scene: Scene | undefined;

  constructor(cast: Cast, craft: Stagecraft) {
    this.#cast = cast;
    this.#craft = craft;
  }

  /** The network, once it was opened. */
  get nodes(): Nodes {
    return this.#opened.nodes;
  }

  /** From wherever an earlier run left off. Throws the signal's reason when that is aborted. */
  async play(): Promise<Played> {
    await this.#openNetwork();
    const scene = this.#opened;
    const records = await depositAll(scene);
    await this.#certify(scene);
    const { people, platforms } = this.#cast;
    const singles = Math.min(SINGLES, Math.ceil(people.length / 2));
    const before = singles - Math.min(AFTER_STOP, Math.floor(singles / 2));
    await askSingly(scene, { from: 0, to: before });
    const batch = await askBatch(scene, { from: singles, to: people.length });
    const stopped = platforms.at(-1)?.catalogue.domain ?? "";
    await this.#stopPlatform(scene, stopped, scene.results.pending(before, singles).length > 0);
    await askSingly(scene, { from: before, to: singles }, `, without ${stopped}`);
    const alone = Array.from({ length: singles }, (_, person) => scene.results.of(person)!);
    return {
      scores: [...alone.map(({ score: points }) => points), ...batch],
      plain: await this.#plainScores(),
      latenciesMs: alone.map(({ ms }) => ms),
      batch: batch.length,
      stopped,
      records,
    };
  }

  /** Stops whatever runs. Idempotent. */
  async end(): Promise<void> {
    const scene = this.#scene;
    this.#scene = undefined;
    scene?.results.close();
    await scene?.nodes.stopAll();
  }

  get #opened(): Scene {
    if (this.#scene === undefined) throw new Error("no network yet");
    return this.#scene;
  }

  async #openNetwork(): Promise<void> {
    const { folder, tell, ledger, signal } = this.#craft;
    const done = tell.step("keys, pinned certificates, a signed roster: the network");
    const started = performance.now();
    const { configs, made } = await openNetwork(folder, this.#cast);
    const nodes = new Nodes(configs);
    const results = new Results(join(folder, RESULTS_FILE), this.#cast.people.length);
    this.#scene = { folder, cast: this.#cast, nodes, tell, ledger, results, signal };
    await nodes.startAll();
    signal.throwIfAborted();
    ledger.book("start", (performance.now() - started) / 1000, 1, await nodes.statuses());
    done(`${nodes.names.length} nodes run, each its own process${made ? "" : "; keys were kept"}`);
  }

  async #certify(scene: Scene): Promise<void> {
    const { model, modelFile, bank } = this.#cast;
    const { nodes, tell, signal } = scene;
    const done = tell.step("bank splits its scorecard; supervisor certifies; bureaus install");
    const what = `${model.name}: ${model.characteristics.length} characteristics, hidden from both bureaus`;
    const { models } = (await nodes.status(bank)).facts as { models: StandingModel[] };
    if (models.some(({ name, deployed }) => name === model.name && deployed))
      return done.before(what);
    await booked(
      scene,
      () => "certify",
      async (count) => {
        const socket = nodes.socket(bank);
        const body = { text: readFileSync(modelFile, "utf8"), file: basename(modelFile) };
        await callNode(socket, "/model/certify", { body, signal });
        await callNode(socket, "/model/deploy", { body: { model: model.name }, signal });
        count(1);
      },
    );
    done(what);
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

  /** A platform goes away; what it deposited stays. */
  async #stopPlatform({ nodes, tell }: Scene, domain: string, needed: boolean): Promise<void> {
    const done = tell.step(`${domain} shuts its node down`);
    if (!needed) return done.before("its halves served on");
    await nodes.stop(domain);
    done("its halves serve on");
  }
}

/** What a bank's status says of a model. */
interface StandingModel {
  readonly name: string;
  readonly deployed: boolean;
}
