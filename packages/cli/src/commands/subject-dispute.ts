/** `moiety subject dispute` and `moiety subject withdraw`: saying that something is wrong, and taking it back. */
import { DISPUTE_REASONS, type DisputeReason } from "@moiety/policy";
import { type Command, InvalidArgumentError, Option } from "commander";
import { answer } from "../output.ts";
import type { Trust } from "../subject.ts";
import { holderOf, trusting, type WalletFlags, withWallet } from "./subject-flags.ts";

interface DisputeFlags extends WalletFlags, Trust {
  readonly against: string;
  readonly inquiry?: string;
  readonly reason: DisputeReason;
  readonly out: string;
}

export function addDispute(subject: Command): void {
  trusting(withWallet(subject.command("dispute")))
    .description("say that what a platform holds about you, or what a bank asked, is wrong")
    .requiredOption("--against <name>", "the platform, or the bank, which has to answer")
    .option("--inquiry <id>", "the bank's inquiry, as moiety subject account shows it", inquiryId)
    .addOption(
      new Option("--reason <word>", "what is wrong")
        .choices([...DISPUTE_REASONS])
        .makeOptionMandatory(),
    )
    .requiredOption("-o, --out <file>", "the dispute, for both bureaus and the party")
    .addHelpText(
      "after",
      `
Hand it to both bureaus (moiety subject send), and give it to the party. Until it is ended every bank that asks
about you is told that something is in dispute, not what. If the party does not answer by the deadline of the
supervisor's policy, the bureaus report that to the supervisor.

Example:
  $ moiety subject dispute --folder wallet --against telecom --reason inaccurate -o dispute.json \\
      --roster net/roster.json --authority 5c1f…`,
    )
    .action(async ({ against, inquiry, reason, out, ...flags }: DisputeFlags) => {
      const { dispute, trustedRoster } = await import("../subject.ts");
      const now = Date.now();
      const about = { against, reason, ...(inquiry !== undefined && { inquiry }) };
      const roster = trustedRoster(flags, now);
      const opened = await dispute(await holderOf(flags), roster, about, { out, now });
      answer(opened, flags.json, () => `wrote ${out}; hand it in: moiety subject send ${out}`);
    });
  trusting(withWallet(subject.command("withdraw").argument("<dispute>", "the dispute's file")))
    .description("take a dispute back")
    .requiredOption("-o, --out <file>", "the withdrawal, for both bureaus")
    .addHelpText(
      "after",
      `
Example:
  $ moiety subject withdraw dispute.json --folder wallet -o withdrawn.json \\
      --roster net/roster.json --authority 5c1f…`,
    )
    .action(async (file: string, { out, ...flags }: WalletFlags & Trust & { out: string }) => {
      const { trustedRoster, withdrawDispute } = await import("../subject.ts");
      const now = Date.now();
      const roster = trustedRoster(flags, now);
      const made = await withdrawDispute(await holderOf(flags), roster, { file, out, now });
      answer(made, flags.json, () => `wrote ${out}; hand it in: moiety subject send ${out}`);
    });
}

function inquiryId(text: string): string {
  if (/^[0-9a-f]{32}$/.test(text)) return text;
  throw new InvalidArgumentError("an inquiry's id: 32 digits 0-9a-f");
}
