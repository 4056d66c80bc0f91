/** `moiety subject account` and `moiety subject send`: a person at the bureaus' desks. */
import type { Command } from "commander";
import { answer } from "../output.ts";
import type { Trust } from "../subject.ts";
import type { Told, Whereabouts } from "../subject-desk.ts";
import { atDesks, holderOf, trusting, type WalletFlags, withWallet } from "./subject-flags.ts";

interface AccountFlags extends WalletFlags, Trust, Whereabouts {
  readonly bureau?: string;
  readonly proofs?: string;
}

export function addAccount(subject: Command): void {
  atDesks(trusting(withWallet(subject.command("account"))))
    .description("ask the bureaus who asked about you, when, what for, and what came of it")
    .option("--bureau <name>", "ask this one only")
    .option("--proofs <folder>", "keep the logs' proofs here, for moiety ledger verify")
    .addHelpText(
      "after",
      `
The request is signed by the wallet's key, and sealed to the bureau; the answer is signed by the bureau. Every
proof is verified before it is counted. Each bureau tells what it knows by itself: they should agree.
Times are as the banks stated them; a bureau takes no inquiry whose time is ten minutes off.

Examples:
  $ moiety subject account --folder wallet --run net/run --roster net/roster.json --authority 5c1f…
  $ moiety subject account --folder wallet --desk north=https://north.example south=https://south.example \\
      --proofs proofs --roster roster.json --authority 5c1f…`,
    )
    .action(async (flags: AccountFlags, command: Command) => {
      const { trustedRoster } = await import("../subject.ts");
      const { desksOf, readAccount } = await import("../subject-desk.ts");
      const now = Date.now();
      const roster = trustedRoster(flags, now);
      const { bureau: one, proofs } = flags;
      const desks = desksOf(flags, roster, one);
      if (desks.length === 0) command.error(`error: ${one} is no bureau of ${roster.network}`);
      const told = await readAccount(await holderOf(flags), roster, desks, { proofs, now });
      answer(told, flags.json, accountText);
    });
}

export function addSend(subject: Command): void {
  atDesks(trusting(subject.command("send").argument("<file>", "what this wallet has written")))
    .description("hand a document of the wallet to both bureaus; it counts as soon as they have it")
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
Example:
  $ moiety subject send revocation.json --run net/run --roster net/roster.json --authority 5c1f…`,
    )
    .action(async (file: string, flags: Trust & Whereabouts & { json: boolean }) => {
      const { trustedRoster } = await import("../subject.ts");
      const { desksOf, handIn } = await import("../subject-desk.ts");
      const desks = desksOf(flags, trustedRoster(flags, Date.now()));
      const taken = await handIn(desks, file);
      answer({ taken }, flags.json, () => `taken by ${taken.join(" and ")}`);
    });
}

function accountText({ asked, refused, disputes }: Told): string {
  const lines = asked.map(
    ({ bureau, at, bank, purpose, outcome, consent, entries, pending }) =>
      `${at}  ${bank}, for ${purpose}: ${outcome}; consent ${consent ?? "not of this wallet"}; ` +
      `${bureau}'s log: ${entries.length === 0 ? "no proof yet" : `entries ${entries.join(", ")}`}` +
      `${entries.length > 0 && pending > 0 ? ", the rest not proven yet" : ""}`,
  );
  const against = refused.map(
    ({ bureau, bank, purpose, code, times, last, consent }) =>
      `${last}  ${bank}, for ${purpose}: refused by ${bureau} (${code}), ${times} in all; ` +
      `consent ${consent ?? "not of this wallet"}`,
  );
  const disputed = disputes.map(
    ({ bureau, openedAt, against: party, reason, state, due }) =>
      `${openedAt}  you dispute with ${party} (${reason}): ${state}` +
      `${state === "open" ? `, to be answered by ${due}` : ""}; as ${bureau} says`,
  );
  const all = [...lines, ...against, ...disputed];
  return all.length === 0 ? "nobody has asked" : all.join("\n");
}
