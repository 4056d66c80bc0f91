/** The one network that all cases share: two platforms have deposited, one bank has a model. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type BinsByDomain,
  parseCatalogue,
  parseScorecard,
  readDepositCsv,
  rowBins,
  type Scorecard,
  score,
} from "@moiety/model";
import { ControlError, callNode, type ScoreAnswer, streamNode } from "@moiety/node";
import { expect } from "vitest";
import type { Ended } from "../world/command.ts";
import type { Network, World } from "../world/network.ts";

export const PEOPLE = 40;

const RUNNING = ["bureau-a", "bureau-b", "supervisor", "bank", "telecom", "payments"];

/** A scorecard over the starter catalogues of telecom and payments. */
export const CARD = {
  kind: "moiety-scorecard",
  name: "plain-card",
  version: 1,
  purposes: ["credit-application"],
  base: 500,
  scaling: { pdo: 40, odds: 10, anchorScore: 500 },
  characteristics: [
    { domain: "telecom", feature: "tenure_months", points: [-3, -40, -11, 4, 17, 29, 41] },
    { domain: "telecom", feature: "late_payments_12m", points: [0, 31, -7, -53, -120] },
    { domain: "payments", feature: "monthly_inflow", points: [-1, -90, -33, 5, 44, 71, 102] },
  ],
} as const;

/** The phone number of the n-th person, in the international form. */
export function phone(person: number): string {
  return `+35850${String(1_000_000 + person)}`;
}

/** Rows of telecom's CSV: everybody from `first` to `last`, both included. */
export function telecomCsv(first: number, last: number, months = 7): string {
  const rows = Array.from({ length: last - first + 1 }, (_, i) => {
    const person = first + i;
    return `${phone(person)},${(person * months) % 120},${person % 6}\n`;
  });
  return `phone,tenure_months,late_payments_12m\n${rows.join("")}`;
}

export function paymentsCsv(first: number, last: number): string {
  const rows = Array.from({ length: last - first + 1 }, (_, i) => {
    const person = first + i;
    return `${phone(person)},${(person * 211.5) % 9000}\n`;
  });
  return `phone,monthly_inflow\n${rows.join("")}`;
}

export class Scene {
  readonly world: World;
  readonly network: Network;
  readonly model: Scorecard = parseScorecard(JSON.stringify(CARD), "card.json");
  readonly #plain = new Map<string, BinsByDomain>();

  constructor(world: World, network: Network) {
    this.world = world;
    this.network = network;
  }

  /**
   * `rogue` (a bank) and `marketplace` never run: the hostile client borrows their keys, and nobody
   * else's connections end by it.
   */
  static async open(world: World): Promise<Scene> {
    const network = await world.network({ args: ["--bank", "bank", "rogue"] });
    await network.start(...RUNNING);
    const scene = new Scene(world, network);
    await Promise.all([
      scene.deposit("telecom", telecomCsv(1, PEOPLE)),
      scene.deposit("payments", paymentsCsv(11, PEOPLE + 10)),
    ]);
    const { socket } = network.target("bank");
    await callNode(socket, "/model/certify", {
      body: { text: JSON.stringify(CARD), file: "card.json" },
    });
    await callNode(socket, "/model/deploy", { body: { model: CARD.name } });
    return scene;
  }

  /** Deposits as it should be, and keeps what it says for the comparison in the clear. */
  async deposit(domain: string, csv: string): Promise<void> {
    const file = this.world.write(`${domain}-good.csv`, csv);
    const { socket } = this.network.target(domain);
    for await (const _ of streamNode(socket, "/deposit", { body: { csv: file } }));
    await this.remember(domain, file);
  }

  /** What a score in the clear knows from now on. */
  async remember(domain: string, csv: string): Promise<void> {
    const config = this.network.config(domain);
    const catalogue = parseCatalogue(
      readFileSync(join(dirname(config), "catalogue.yaml"), "utf8"),
      domain,
    );
    const { identifiers, bins } = await readDepositCsv(csv, catalogue);
    for (const known of this.#plain.values()) (known as Map<string, unknown>).delete(domain);
    for (const [row, identifier] of identifiers.entries()) {
      const key = new TextDecoder().decode(identifier).replace("phone:", "");
      const known = this.#plain.get(key) ?? new Map();
      this.#plain.set(key, new Map([...known, [domain, rowBins(catalogue, bins, row)]]));
    }
  }

  plainScore(person: number): number {
    return score(this.model, this.#plain.get(phone(person)) ?? new Map());
  }

  /** The bank asks about somebody, and gets what the scorecard says in the clear. */
  async expectHonestScore(person: number): Promise<void> {
    expect(await this.#score(person)).toBe(this.plainScore(person));
  }

  /** Whether that is so already. */
  async isPlainScore(person: number): Promise<boolean> {
    return (await this.#score(person)) === this.plainScore(person);
  }

  async #score(person: number): Promise<number> {
    const { socket } = this.network.target("bank");
    const body = { identifiers: [phone(person)], type: "phone" };
    return (await callNode<ScoreAnswer>(socket, "/score", { body })).score;
  }

  /** What the command line would be told by a node that refuses. */
  async refusal(node: string, path: string, body: unknown): Promise<string> {
    const { socket } = this.network.target(node);
    try {
      for await (const _ of streamNode(socket, path, { body }));
    } catch (error) {
      if (error instanceof ControlError) return error.message;
      throw error;
    }
    throw new Error(`${node} did not refuse ${path}`);
  }

  /** A `moiety` command, run to its end. */
  run(args: readonly string[], stdin?: string): Promise<Ended> {
    return this.world.run(args, stdin === undefined ? {} : { stdin });
  }

  /** What the nodes hold, but for one that is down: nothing of it may change by bad input. */
  async holdings(but?: string): Promise<unknown> {
    const up = RUNNING.filter((name) => name !== but);
    const statuses = await Promise.all(up.map((name) => this.network.status(name)));
    return statuses.map(({ node, facts }) => {
      // Logs are cosigned, and have a heartbeat, in times of their own.
      const { pads, scored, ledger, ...held } = facts;
      return { node, held };
    });
  }

  /** Messages of the bank to the bureaus about people, by kind. */
  async inquiries(): Promise<unknown> {
    const { sent } = (await this.network.status("bank")).traffic;
    return [sent["pseudonym.blinded"], sent["score.inquiry"]];
  }
}

/** It failed as a command should: exit code 1, the reason in these words, nothing else. */
export function expectFailure(ended: Ended, ...words: readonly (string | RegExp)[]): void {
  const said = ended.stderr.toString();
  expect(said).toMatch(/^error: /);
  for (const each of words) expect(said).toMatch(each);
  expect(said).not.toMatch(/\n\s+at .*[:(]/); // a stack is no message
  expect(ended.stdout.toString()).toBe("");
  expect({ code: ended.code, signal: ended.signal }).toEqual({ code: 1, signal: null });
}
