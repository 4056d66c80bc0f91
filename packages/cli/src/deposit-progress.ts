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
  try {
    const signal = untilInterrupted("interrupted: run the same command again to resume");
    for await (const step of streamNode<DepositProgress>(socket, path, { body, signal })) {
      last = step;
      if (step.stage !== "done") progress.update(step.done, step.of, labelOf(step));
    }
  } finally {
    progress.stop();
  }
  return last;
}

function labelOf({ stage, bureau }: DepositProgress): string {
  return bureau === undefined ? stage : `to ${bureau}`;
}
