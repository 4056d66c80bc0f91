import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { callNode, SetupError } from "@moiety/node";
import type { Command } from "commander";
import { writePublic } from "../files.ts";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

/** What a bank's node answers: one for each bureau. */
interface Proof {
  readonly bureau: string;
  readonly index: number;
  readonly at: number;
  /** Base64; null as long as no cosigned checkpoint holds the entry. */
  readonly receipt: string | null;
}

export function addProof(program: Command): void {
  program
    .command("proof")
    .argument("<config>", "YAML file of a bank that runs")
    .argument("<inquiry>", "what `moiety score --json` calls inquiry: 32 hex digits")
    .description("get both bureaus' proofs that an inquiry is in their logs")
    .option("-o, --output <folder>", "where the receipts go, one file for each bureau")
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
A receipt is verified here, and by anybody offline: moiety ledger verify <receipt> --roster … --authority …
It exists about a second after the score; the supervisor, who cosigns too, may take a minute.

Example:
  $ moiety proof net/bank/node.yaml 5dc271937191c03f4dc38571991083e5 -o receipts`,
    )
    .action(async (config: string, inquiry: string, flags: { output?: string; json: boolean }) => {
      if (!/^[0-9a-f]{32}$/.test(inquiry))
        throw new SetupError(`${inquiry}: an inquiry's id has 32 digits 0-9a-f`);
      const { socket } = targetOf(config, "bank");
      const proofs = await callNode<Proof[]>(socket, "/proof", { body: { inquiry } });
      const { output, json } = flags;
      const files = output === undefined ? [] : written(proofs, inquiry, output);
      answer({ proofs, files }, json, () =>
        [...proofs.map(inWords), ...files.map((file) => `wrote ${file}`)].join("\n"),
      );
    });
}

function inWords({ bureau, index, at, receipt }: Proof): string {
  const when = new Date(at * 1000).toISOString();
  const state = receipt === null ? "promised; not cosigned yet, ask again" : "proven and cosigned";
  return `${bureau}: entry ${index} of ${when}: ${state}`;
}

function written(proofs: readonly Proof[], inquiry: string, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return proofs.flatMap(({ bureau, receipt }) => {
    if (receipt === null) return [];
    const file = join(folder, `${inquiry}-${bureau}.receipt`);
    writePublic(file, Buffer.from(receipt, "base64"));
    return [file];
  });
}
