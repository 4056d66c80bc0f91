/** Sees to it that a dispute which nobody answered in time is logged, and reported to the supervisor. */
import { notice } from "@moiety/protocols";
import { logFailure, type NodeContext } from "../../context.ts";
import { Persistent } from "../../persistent.ts";
import type { Disputes, Report } from "./disputes.ts";

/** Deadlines are days: nobody waits for the minute. */
const CHECK_MS = 60_000;

export class DisputeDeadlines {
  readonly #context: NodeContext;
  readonly #disputes: Disputes;
  readonly #work: Persistent;
  #cancel: () => void = () => {};

  constructor(context: NodeContext, disputes: Disputes) {
    const { clock, rng, log } = context;
    this.#context = context;
    this.#disputes = disputes;
    this.#work = new Persistent({
      clock,
      rng,
      work: async (stopping) => {
        await disputes.expire();
        for (let due = disputes.reports(); due.length > 0; due = disputes.reports())
          for (const report of due) {
            if (stopping()) return;
            await this.#tell(report);
          }
      },
      notDone: (error) => logFailure(log, error),
    });
  }

  /** Once what it needs is there; looks again every minute. */
  begin(): void {
    this.#cancel();
    this.#work.begin();
    this.#cancel = this.#context.clock.after(CHECK_MS, () => this.begin());
  }

  async close(): Promise<void> {
    this.#cancel();
    await this.#work.close();
  }

  /** One that the supervisor does not take is tried again: it may have an older roster. */
  async #tell(report: Report): Promise<void> {
    const { switchboard, config, parties } = this.#context;
    const { kind, document } = report;
    const roles = { sender: config.name, bureau: parties.supervisor };
    const problem = await switchboard.run(notice.notice, "sender", roles, (session) =>
      notice.sender(session, { kind, document }),
    );
    if (problem !== "") throw new Error(`the supervisor does not take a report: ${problem}`);
    await this.#disputes.reported(report);
  }
}
