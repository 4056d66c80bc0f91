/** Follows a deposit or a withdrawal at a platform's node until it is done. */
import { type DepositProgress, streamNode } from "@moiety/node";
import { untilInterrupted } from "./interrupt.ts";
import { progressBar } from "./progress.ts";

/** Gives its last report; shows the others as a bar. */
export async function followDeposit(
  socket: string,
  path: "/deposit" | "/withdraw",
  body: object,
  json: boolean,
): Promise<DepositProgress | undefined> {
  const progress = progressBar(json);
  let last: DepositProgress | undefined;
  const sent = new Map<string, number>();
  try {
    const signal = untilInterrupted("interrupted: run the same command again to resume");
    for await (const step of streamNode<DepositProgress>(socket, path, { body, signal })) {
      last = step;
      if (step.bureau !== undefined) sent.set(step.bureau, step.done);
      // To both at once: a deposit is as far as the slower of the two.
      const done = step.bureau === undefined ? step.done : Math.min(...sent.values());
      if (step.stage !== "done") progress.update(done, step.of, labelOf(step.stage, sent));
    }
  } finally {
    progress.stop();
  }
  return last;
}

function labelOf(stage: DepositProgress["stage"], sent: ReadonlyMap<string, number>): string {
  return stage === "send" ? `to ${[...sent.keys()].sort().join(", ")}` : stage;
}
