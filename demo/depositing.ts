/** Platforms deposit, all at once; they do not know of each other. What is in place stays as it is. */
import { progressBar } from "@moiety/cli";
import { type DepositProgress, streamNode } from "@moiety/node";
import type { StageName } from "./kept/ledger.ts";
import { booked, type Scene } from "./stage.ts";

/** Has every platform deposit its CSV; gives how many records are in place then. */
export async function depositAll(scene: Scene): Promise<number> {
  const { cast, nodes, tell, signal } = scene;
  const done = tell.step("platforms deposit: pseudonyms, then halves to both bureaus");
  const gauge = new Gauge(cast.platforms.length, tell.quiet);
  const records = new Map<string, number>();
  let unchanged = 0;
  const isUnchanged = (): boolean => unchanged === cast.platforms.length;
  try {
    // To find that nothing is to be done is part of starting.
    const stage = (): StageName => (isUnchanged() ? "start" : "deposit");
    await booked(scene, stage, (count) =>
      Promise.all(
        cast.platforms.map(async ({ catalogue: { domain }, csv }) => {
          const request = { body: { csv }, signal };
          const steps = streamNode<DepositProgress>(nodes.socket(domain), "/deposit", request);
          for await (const step of steps) {
            count(gauge.take(domain, step));
            if (step.stage === "done") records.set(domain, step.done);
            // The platform itself knows that the file is the one that both bureaus hold.
            if (step.kind === "unchanged") unchanged += 1;
          }
        }),
      ),
    );
  } finally {
    gauge.stop();
  }
  const total = sum(records.values());
  const domains = cast.platforms.map(({ catalogue }) => catalogue.domain);
  const each = domains.map((domain) => `${domain} ${records.get(domain) ?? 0}`).join(", ");
  const told = `${total} records in two halves (${each})`;
  if (isUnchanged()) done.before(told);
  else done(told);
  return total;
}

/** One bar for all platforms: first people enrolled, then chunks sent. */
class Gauge {
  readonly #platforms: number;
  readonly #bar: ReturnType<typeof progressBar>;
  readonly #enrolled = new Map<string, DepositProgress>();
  readonly #sent = new Map<string, DepositProgress>();

  constructor(platforms: number, quiet: boolean) {
    this.#platforms = platforms;
    this.#bar = progressBar(quiet);
  }

  /** Shows a step; gives how many people were newly enrolled in it. */
  take(domain: string, step: DepositProgress): number {
    if (step.stage === "send") {
      this.#sent.set(`${domain} ${step.bureau}`, step);
      if (this.#isEnrolled) this.#show(this.#sent, "sent");
      return 0;
    }
    if (step.stage !== "pseudonyms") return 0;
    // The first step says how many were enrolled before.
    const before = this.#enrolled.get(domain)?.done ?? step.done;
    this.#enrolled.set(domain, step);
    if (this.#enrolled.size === this.#platforms) this.#show(this.#enrolled, "enrolled");
    return step.done - before;
  }

  stop(): void {
    this.#bar.stop();
  }

  get #isEnrolled(): boolean {
    const all = [...this.#enrolled.values()];
    return all.length === this.#platforms && all.every(({ done, of }) => done === of);
  }

  #show(steps: ReadonlyMap<string, DepositProgress>, label: string): void {
    const all = [...steps.values()];
    this.#bar.update(sum(all.map(({ done }) => done)), sum(all.map(({ of }) => of)), label);
  }
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, each) => total + each, 0);
}
