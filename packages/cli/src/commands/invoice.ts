import { SetupError } from "@moiety/node";
import type { Command } from "commander";
import { answer } from "../output.ts";

interface InvoiceFlags {
  readonly month: string;
  readonly roster: string[];
  readonly authority: string;
  readonly for?: string;
  readonly compare?: string;
  readonly nodes?: string;
  readonly uncosigned: boolean;
  readonly json: boolean;
  readonly csv: boolean;
}

/** Exit code where the two logs do not charge alike, or one charges what does not count. */
const DIFFERENT_CODE = 4;

export function addInvoice(program: Command): void {
  program
    .command("invoice")
    .argument("<folder>", "a bureau's exported log; see moiety ledger export")
    .description("what banks owe, and bureaus and platforms get, for a month, by exported logs")
    .requiredOption("--month <month>", "e.g. 2026-11, in UTC, by the times that banks stated")
    .requiredOption("--roster <file...>", "the network's rosters, former ones too if keys changed")
    .requiredOption("--authority <hex>", "public key of the network's authority")
    .option("--for <party>", "only what concerns this bank, bureau or platform")
    .option("--compare <folder>", "the other bureau's exported log: only what both charge counts")
    .option("--nodes <folder>", "show CPU time and bytes per score, as its running nodes measured")
    .option("--uncosigned", "also where the other bureau or the supervisor has not cosigned", false)
    .option("--json", "answer as JSON; amounts in the currency's smallest unit", false)
    .option("--csv", "answer as CSV", false)
    .addHelpText(
      "after",
      "\nBoth logs give the same, to the cent, but for what a crash cut short at one bureau: --compare" +
        `\nleaves that out, and exits with ${DIFFERENT_CODE} if there is any.` +
        "\n\nExamples:\n  $ moiety invoice north/ --month 2026-11 --roster roster.json --authority 5c1f…" +
        "\n  $ moiety invoice north/ --compare south/ --month 2026-11 --for bank --csv --roster …",
    )
    .action(async (folder: string, flags: InvoiceFlags) => {
      if (flags.json && flags.csv) throw new SetupError("give either --json or --csv");
      const invoices = await import("../invoice.ts");
      const { monthOf } = await import("../invoice-charges.ts");
      const { keyringOf } = await import("../ledger.ts");
      const { invoiceCsv, invoiceText } = await import("../invoice-text.ts");
      const { roster, authority, uncosigned, compare, json, csv, for: party } = flags;
      const folders = { folder, ...(compare !== undefined && { compare }) };
      const keyring = keyringOf(roster, authority);
      const whole = invoices.monthlyInvoice(folders, monthOf(flags.month), keyring, uncosigned);
      const shown = party === undefined ? whole : invoices.invoiceFor(whole, party);
      const costs = flags.nodes === undefined ? [] : await costsAt(flags.nodes);
      const value = flags.nodes === undefined ? shown : { ...shown, costs };
      answer(value, json, () => (csv ? invoiceCsv(shown) : invoiceText(shown, costs)));
      if (whole.differences.length + whole.problems.length > 0) process.exitCode = DIFFERENT_CODE;
    });
}

async function costsAt(nodes: string) {
  const { statusOf } = await import("../status.ts");
  const { targetsOf } = await import("../target.ts");
  const { costsOf } = await import("../invoice-cost.ts");
  return costsOf(await statusOf(targetsOf(nodes)));
}
