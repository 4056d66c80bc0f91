import { SetupError } from "@moiety/node";
import type { Command } from "commander";
import type { RestoreAnswer } from "../backup.ts";
import { answer } from "../output.ts";
import type { Opener, Seal } from "../sealed-keys.ts";
import { targetOf } from "../target.ts";

export function addBackup(program: Command): void {
  program
    .command("backup")
    .argument("<folder>", "a folder that does not exist yet")
    .requiredOption("--config <node>", "the node's YAML file; it may run")
    .option("--keys", "with the node's keys, sealed: give a recipient or a passphrase", false)
    .option("--recipient <age1…>", "seal the keys to these age recipients", collect, [])
    .option("--passphrase-file <file>", "seal them with the passphrase in a file of mode 0600")
    .option("--json", "answer as JSON", false)
    .description("copy a node's store, consistently, while it runs or while it is stopped")
    .addHelpText(
      "after",
      `
With --keys and nothing else it asks for a passphrase. The store's copy is not encrypted: a bureau's holds
random shares and pseudonyms, a bank's its model in clear, a platform's its users' pseudonyms. Keep copies of
the two bureaus apart, as their stores. When an epoch is retired, destroy the backups with its keys.

Examples:
  $ moiety backup /backups/bureau-a-monday --config net/bureau-a/node.yaml
  $ moiety backup /backups/bureau-a-keys --config net/bureau-a/node.yaml --keys --recipient age1…`,
    )
    .action(async (folder: string, flags: BackupFlags) => {
      const { backUp } = await import("../backup.ts");
      const made = await backUp(targetOf(flags.config), folder, await sealOf(flags));
      answer(made, flags.json, ({ node, madeAt, store, keys }) =>
        [
          `backed up ${node} as of ${madeAt} to ${made.folder}:`,
          `${(store.bytes / 2 ** 20).toFixed(1)} MiB${keys ? ", and its keys, sealed" : ", no keys"}`,
        ].join(" "),
      );
    });
}

export function addRestore(program: Command): void {
  program
    .command("restore")
    .argument("<folder>", "a folder made by moiety backup")
    .requiredOption("--config <node>", "the node's YAML file; it must be stopped")
    .option("--replace", "put a store that is in place aside; it is not deleted", false)
    .option("--roster-from-backup", "where none is in place, take the backup's, old or not", false)
    .option("--unverified", "take a store that this node's listed key has not signed for", false)
    .option("--keys", "restore the sealed keys too, where none are in place", false)
    .option("--identity-file <file>", "open them with an age identity, mode 0600")
    .option("--passphrase-file <file>", "open them with the passphrase in a file of mode 0600")
    .option("--json", "answer as JSON", false)
    .description("put a backup in the place of a stopped node's store")
    .addHelpText(
      "after",
      `
What the copy has forgotten, and why nothing is used twice: docs/ceremonies.md. Keys of epochs that the
roster no longer lists are not restored. A backup is checked against the signing key that the roster has
for the node; one that a former key signed needs --unverified: be sure of where it has been kept.

Example:
  $ moiety restore /backups/bureau-a-monday --config net/bureau-a/node.yaml --replace`,
    )
    .action(async (folder: string, flags: RestoreFlags) => {
      const { restore } = await import("../backup.ts");
      const opener = await openerOf(flags);
      const { replace, rosterFromBackup, unverified } = flags;
      const done = await restore(targetOf(flags.config), folder, {
        replace,
        rosterFromBackup,
        unverified,
        ...(opener !== undefined && { opener }),
      });
      answer(done, flags.json, linesOf);
    });
}

function linesOf(done: RestoreAnswer): string {
  const { node, copiedAt, replaced, rosterTaken, keys, incarnation } = done;
  const lines = [
    `restored ${node} as it was at ${copiedAt}; its store is now incarnation ${incarnation.id}`,
  ];
  if (rosterTaken !== undefined)
    lines.push(`the roster is the backup's, version ${rosterTaken}: install a newer one if any`);
  if (keys !== undefined) lines.push(`keys restored: ${keys.written.join(", ") || "none"}`);
  if (keys !== undefined && keys.unconfirmed.length > 0)
    lines.push(
      `LEFT OUT: ${keys.unconfirmed.join(", ")}: not signed by the key that the roster has for ` +
        `${node}, and not in the roster; somebody else may have put them there`,
    );
  if (replaced !== undefined) lines.push(`what was there before is in ${replaced}`);
  return lines.join("\n");
}

interface SecretFlags {
  readonly keys: boolean;
  readonly passphraseFile?: string;
}

interface BackupFlags extends SecretFlags {
  readonly config: string;
  readonly recipient: readonly string[];
  readonly json: boolean;
}

interface RestoreFlags extends SecretFlags {
  readonly config: string;
  readonly replace: boolean;
  readonly rosterFromBackup: boolean;
  readonly unverified: boolean;
  readonly identityFile?: string;
  readonly json: boolean;
}

async function sealOf({ keys, recipient, passphraseFile }: BackupFlags): Promise<Seal | undefined> {
  requireKeys(keys, recipient.length > 0 ? "--recipient" : passphraseFile && "--passphrase-file");
  if (!keys) return undefined;
  if (recipient.length > 0 && passphraseFile !== undefined)
    throw new SetupError("either --recipient or --passphrase-file, not both");
  if (recipient.length > 0) return { recipients: recipient };
  return { passphrase: await passphraseOf(passphraseFile, true) };
}

async function openerOf(flags: RestoreFlags): Promise<Opener | undefined> {
  const { keys, identityFile, passphraseFile } = flags;
  requireKeys(keys, (identityFile && "--identity-file") ?? (passphraseFile && "--passphrase-file"));
  if (!keys) return undefined;
  if (identityFile !== undefined) return { identityFile };
  return { passphrase: await passphraseOf(passphraseFile, false) };
}

/** A flag that says how keys are sealed, but no --keys, is a misunderstanding. */
function requireKeys(keys: boolean, given: string | undefined): void {
  if (!keys && given !== undefined) throw new SetupError(`${given} is for --keys: give that too`);
}

async function passphraseOf(file: string | undefined, confirm: boolean): Promise<string> {
  if (file !== undefined) return (await import("../sealed-keys.ts")).readPassphrase(file);
  return (await import("../passphrase.ts")).askPassphrase(confirm);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
