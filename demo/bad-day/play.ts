/** The bad day: everybody tries something, and is refused, or proven to have done it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outColours as pc } from "@moiety/cli";
import type { Teller } from "../teller.ts";
import { History, type LedgerOutcome } from "./history.ts";
import { BadDay, type Misdeed } from "./misdeeds.ts";
import { BANK, type BadNetwork, setUp } from "./set-up.ts";

export interface BadDayOutcome {
  /** Misdeed → the code of its refusal, or the kind of its proof; null: it was not refused. */
  readonly refused: Readonly<Record<string, string | null>>;
  readonly ledger: LedgerOutcome;
}

/** Plays it in a network of its own, which it removes again. Throws the signal's reason when aborted. */
export async function playBadDay(tell: Teller, signal: AbortSignal): Promise<BadDayOutcome> {
  const root = mkdtempSync(join(tmpdir(), "moiety-bad-day-"));
  let network: BadNetwork | undefined;
  try {
    const done = tell.step("another network, which asks for consents: the bad day begins");
    network = await setUp(join(root, "network"));
    const history = new History(network);
    const day = new BadDay(network);
    const csv = join(root, "telecom.csv");
    writeFileSync(csv, BadDay.csv());
    writeFileSync(join(root, "club.csv"), "phone,section\n+8613800138001,1\n");
    await day.prepare(csv);
    await history.remember();
    signal.throwIfAborted();
    done(
      `${network.nodes.names.length} nodes run; four people have a wallet, and a registrar vouched`,
    );
    const refused: Record<string, string | null> = {};
    const attempt = async (misdeeds: readonly Misdeed[], how = "refused"): Promise<void> => {
      for (const misdeed of misdeeds) {
        signal.throwIfAborted();
        refused[misdeed.name] = await attempted(tell, misdeed, how);
      }
    };
    await attempt(day.misdeeds());
    const ledger = await verified(tell, history);
    await network.nodes.stop([BANK]);
    await attempt(day.byHand());
    await attempt(history.misdeeds(), "proven");
    return { refused, ledger };
  } finally {
    await network?.nodes.stop();
    rmSync(root, { recursive: true, force: true });
  }
}

async function attempted(
  tell: Teller,
  { title, attempt, name }: Misdeed,
  how: string,
): Promise<string | null> {
  const words = await attempt();
  const said = words === undefined ? pc.red("✗ it got through") : pc.green(`✓ ${how}`);
  tell.say(`    ${title}`);
  tell.say(`      ${said}${words === undefined ? "" : pc.dim(`  ${shortened(words)}`)}`);
  return words === undefined ? null : codeIn(words, name);
}

async function verified(tell: Teller, history: History): Promise<LedgerOutcome> {
  const done = tell.step("both bureaus' logs are exported, and verified offline");
  const outcome = await history.verify();
  const sizes = Object.entries(outcome.entries).map(([bureau, size]) => `${bureau} ${size}`);
  done(`entries: ${sizes.join(", ")}; cosigned by the other bureau and the supervisor`);
  return outcome;
}

/** The code of a refusal where it has one, else the misdeed's own name. */
function codeIn(words: string, name: string): string {
  const [, code] =
    /\b((?:consent|subject|person|model|policy|purpose|quota)(?:-[a-z]+)+)\b(?= \(|:)/.exec(
      words,
    ) ?? [];
  return code ?? name;
}

function shortened(words: string): string {
  const line = words.replaceAll(/\s+/g, " ");
  return line.length <= 150 ? line : `${line.slice(0, 149)}…`;
}
