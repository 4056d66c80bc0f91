import type { Roster } from "@moiety/policy";
import { type Command, InvalidArgumentError } from "commander";
import { readBytes } from "../files.ts";
import { answer } from "../output.ts";
import { targetsOf } from "../target.ts";

const BASE = "the roster in force, or a draft of the next one";

export function addRoster(program: Command): void {
  const roster = program
    .command("roster")
    .description("the signed list of parties and keys: draft the next one, sign it, install it");
  addShow(roster);
  addDrafting(roster);
  addSign(roster);
  addInstall(roster);
}

function addShow(roster: Command): void {
  roster
    .command("show")
    .argument("<file>", "a roster or a draft")
    .option("--json", "answer as JSON", false)
    .description("show what a roster says, without verifying it")
    .addHelpText("after", "\nExample:\n  $ moiety roster show net/roster.json")
    .action(async (file: string, { json }: { json: boolean }) => {
      const { readUnsigned } = await import("../roster.ts");
      answer(readUnsigned(file), json, describe);
    });
}

/** Commands that change a draft. */
function addDrafting(roster: Command): void {
  const drafting = (name: string): Command =>
    roster
      .command(name)
      .argument("<base>", BASE)
      .requiredOption("-o, --output <file>", "the draft")
      .option("--json", "answer as JSON", false);
  const change = async (
    base: string,
    { output, json }: DraftFlags,
    apply: (draft: Roster) => Roster,
  ): Promise<void> => {
    const { changeDraft } = await import("../roster.ts");
    const draft = changeDraft(base, output, apply);
    answer({ draft: output, version: draft.version }, json, ({ version }) =>
      [
        `${output} is the draft of version ${version}; when it is complete, sign it with`,
        "  moiety roster sign",
      ].join("\n"),
    );
  };
  drafting("add-epoch")
    .argument("<request>", "a bureau's request, made by moiety epoch begin")
    .argument("<request>", "the other bureau's")
    .description("add an OPRF epoch for which both bureaus have made a key")
    .addHelpText(
      "after",
      "\nExample:\n  $ moiety roster add-epoch net/roster.json a.request.json b.request.json -o draft.json",
    )
    .action(async (base: string, first: string, second: string, flags: DraftFlags) => {
      const { openEpochRequest, withEpoch } = await import("@moiety/policy");
      await change(base, flags, (draft) => {
        const open = (file: string) => openEpochRequest(readBytes(file, "request"), draft, file);
        return withEpoch(draft, [open(first), open(second)]);
      });
    });
  drafting("retire-epoch")
    .argument("<domain>", "a platform's domain")
    .argument("<epoch>", "any but its newest", toEpoch)
    .description("take out an OPRF epoch: bureaus then destroy its keys and deposits")
    .addHelpText(
      "after",
      `
Only once both bureaus show a deposit of a newer epoch (moiety status): until then its platform's users would
count as unknown.

Example:
  $ moiety roster retire-epoch net/roster.json telecom 1 -o draft.json`,
    )
    .action(async (base: string, domain: string, epoch: number, flags: DraftFlags) => {
      const { withoutEpoch } = await import("@moiety/policy");
      await change(base, flags, (draft) => withoutEpoch(draft, domain, epoch));
    });
  drafting("set-keys")
    .argument("<request>", "a party's request, made by moiety keys")
    .option("--fingerprint <hex>", "of the request, as its party told it over another channel")
    .description("enter a party's new certificate, or all of its new keys")
    .addHelpText(
      "after",
      `
A renewed certificate is signed by the key that the roster has, and the former one stays accepted beside it.
Where the signing key is new, --fingerprint must say that somebody asked the party.

Example:
  $ moiety roster set-keys net/roster.json bureau-b.keys.json -o draft.json`,
    )
    .action(async (base: string, file: string, flags: DraftFlags) => {
      const { openKeyRequest, withKeys } = await import("@moiety/policy");
      await change(base, flags, (draft) =>
        withKeys(draft, openKeyRequest(readBytes(file, "request"), draft, file), flags.fingerprint),
      );
    });
  drafting("set-licence")
    .argument("<party>", "whose licence it is")
    .argument("<number>", "as its authority numbers it")
    .argument(
      "<expires>",
      "a time such as 2027-06-30T00:00:00Z; from then on nobody serves the party",
    )
    .description("enter a party's licence, or a new one")
    .addHelpText(
      "after",
      "\nExample:\n  $ moiety roster set-licence net/roster.json bank B-1177 2027-06-30T00:00:00Z -o draft.json",
    )
    .action(
      async (base: string, party: string, number: string, expiresAt: string, flags: DraftFlags) => {
        const { withLicence } = await import("@moiety/policy");
        await change(base, flags, (draft) => withLicence(draft, party, { number, expiresAt }));
      },
    );
  drafting("drop-former")
    .argument("<party>", "whose renewed certificate all have by now")
    .description("end the time in which a party's former certificate is accepted too")
    .addHelpText(
      "after",
      "\nExample:\n  $ moiety roster drop-former net/roster.json bureau-b -o draft.json",
    )
    .action(async (base: string, party: string, flags: DraftFlags) => {
      const { withoutFormer } = await import("@moiety/policy");
      await change(base, flags, (draft) => withoutFormer(draft, party));
    });
}

function addSign(roster: Command): void {
  roster
    .command("sign")
    .argument("<draft>", "a draft")
    .requiredOption("--previous <roster>", "the roster in force, signed by the same key")
    .requiredOption("--key <file>", "the authority's key file, mode 0600")
    .requiredOption("-o, --output <file>", "the new roster")
    .option("--json", "answer as JSON", false)
    .description("sign the next roster as the network's authority, and say what it changes")
    .addHelpText(
      "after",
      `
Read the changes before the file leaves your hands: whoever holds it can install it.

Example:
  $ moiety roster sign draft.json --previous net/roster.json --key net/authority/signing.key -o roster-2.json`,
    )
    .action(async (draft: string, flags: SignFlags) => {
      const { signDraft } = await import("../roster.ts");
      const signed = signDraft(draft, flags);
      answer(signed, flags.json, ({ file, version, changes }) =>
        [`signed version ${version} as ${file}; it changes:`, ...changes.map((c) => `  ${c}`)].join(
          "\n",
        ),
      );
    });
}

function addInstall(roster: Command): void {
  roster
    .command("install")
    .argument("<file>", "a signed roster")
    .requiredOption("--config <path>", "a node's YAML file, or a network folder made by init")
    .option("--json", "answer as JSON", false)
    .description("verify a new roster and put it in force; a node that runs goes on with it")
    .addHelpText(
      "after",
      `
Refused: another network's, an older one, one that the network's authority has not signed. Bureaus first,
then all others; when an epoch is retired, the other way round (for a folder that order is kept).

Example:
  $ moiety roster install roster-2.json --config net/bureau-a/node.yaml`,
    )
    .action(async (file: string, { config, json }: { config: string; json: boolean }) => {
      const { inOrder, installAt } = await import("../roster.ts");
      const done = [];
      for (const target of inOrder(targetsOf(config), file))
        done.push(await installAt(target, file));
      answer(done, json, (nodes) =>
        nodes
          .map(({ node, version, former, running, restart }) => {
            if (version === former && restart.length === 0)
              return `${node} has version ${version} already`;
            if (restart.length > 0)
              return `${node}: version ${version} installed; restart the node: ${restart.join("; ")}`;
            return `${node}: version ${version} ${running ? "in force" : "installed"}`;
          })
          .join("\n"),
      );
    });
}

interface DraftFlags {
  readonly output: string;
  readonly json: boolean;
  readonly fingerprint?: string;
}

interface SignFlags {
  readonly previous: string;
  readonly key: string;
  readonly output: string;
  readonly json: boolean;
}

function describe({
  network,
  version,
  issuedAt,
  expiresAt,
  parties,
  domains,
  consentDomain,
  oprf,
}: Roster): string {
  const epochs = (domain: string): string =>
    oprf
      .filter((entry) => entry.domain === domain)
      .map(({ epoch }) => epoch)
      .sort((x, y) => y - x)
      .join(", ");
  return [
    `${network}, version ${version}, from ${issuedAt} to ${expiresAt}`,
    ...parties.map(({ name, role, address, formerCertificate, licence }) =>
      [
        `  ${name.padEnd(16)} ${role.padEnd(11)}`,
        address === undefined ? "" : ` ${address}`,
        formerCertificate === undefined ? "" : "  (two certificates)",
        licence === undefined ? "" : `  licence ${licence.number} until ${licence.expiresAt}`,
      ]
        .join("")
        .trimEnd(),
    ),
    ...domains.map(
      ({ name, platform }) => `  domain ${name} of ${platform}, epochs ${epochs(name)}`,
    ),
    consentDomain === undefined
      ? "  no consent domain: inquiries need no consent"
      : `  consent domain ${consentDomain}, epochs ${epochs(consentDomain)}`,
  ].join("\n");
}

function toEpoch(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("a number from 1 on");
  return Number(text);
}
