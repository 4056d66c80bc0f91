/** Flags that the subcommands of `moiety subject` share. */
import type { Command } from "commander";
import type { Holder } from "../subject.ts";

export interface WalletFlags {
  readonly folder: string;
  readonly passphraseFile?: string;
  readonly json: boolean;
}

export function withWallet(command: Command): Command {
  return command
    .requiredOption("--folder <wallet>", "the wallet's folder")
    .option("--passphrase-file <file>", "the key's passphrase, in a file of mode 0600")
    .option("--json", "answer as JSON", false);
}

export function trusting(command: Command): Command {
  return command
    .requiredOption("--roster <file>", "the network's roster")
    .requiredOption("--authority <hex>", "public key of the network's authority");
}

/** Where the bureaus' desks are. */
export function atDesks(command: Command): Command {
  return command
    .option("--desk <bureau=url...>", "where the bureaus' desks are, as north=http://north.example")
    .option("--run <folder>", "or the run folder of a network on this machine");
}

export async function holderOf({ folder, passphraseFile }: WalletFlags): Promise<Holder> {
  const ask = async (confirm: boolean): Promise<string> => {
    if (passphraseFile !== undefined)
      return (await import("../sealed-keys.ts")).readPassphrase(passphraseFile);
    return (await import("../passphrase.ts")).askPassphrase(confirm);
  };
  return { folder, ask };
}
