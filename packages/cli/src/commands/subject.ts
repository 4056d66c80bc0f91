import { OUTPUTS, type Output, type Roster, type Scope } from "@moiety/policy";
import { type Command, InvalidArgumentError } from "commander";
import { answer } from "../output.ts";
import type { Given, Trust } from "../subject.ts";
import { addAccount, addSend } from "./subject-account.ts";
import { addDispute } from "./subject-dispute.ts";
import { holderOf, trusting, type WalletFlags, withWallet } from "./subject-flags.ts";

export function addSubject(program: Command): void {
  const subject = program
    .command("subject")
    .description("a person's wallet: a key, consents to be asked about, and taking them back");
  addCreate(subject);
  addRequest(subject);
  addAccept(subject);
  addConsent(subject);
  addRevoke(subject);
  addList(subject);
  addSend(subject);
  addAccount(subject);
  addDispute(subject);
}

function addCreate(subject: Command): void {
  withWallet(subject.command("create"))
    .description("make a wallet with a fresh key")
    .option("--passphrase", "seal the key by a passphrase, which is asked for", false)
    .addHelpText(
      "after",
      `
The key never leaves the folder. Whoever has it can consent in your name: keep the folder to yourself, and a
copy of it where you would find it again. With --passphrase or --passphrase-file the key is sealed (age).

Example:
  $ moiety subject create --folder wallet`,
    )
    .action(async (flags: WalletFlags & { passphrase: boolean }) => {
      const { createWallet } = await import("../subject-wallet.ts");
      const { ask } = await holderOf(flags);
      const sealed = flags.passphrase || flags.passphraseFile !== undefined;
      const { thumbprint } = await createWallet(flags.folder, sealed ? ask : undefined);
      answer({ thumbprint }, flags.json, () => `made ${flags.folder}; its key is ${thumbprint}`);
    });
}

function addRequest(subject: Command): void {
  trusting(withWallet(subject.command("request-attestation")))
    .description("ask a platform or bank that knows you to vouch for the key")
    .requiredOption("--registrar <name>", "the platform or bank; not the bank that will ask")
    .requiredOption("-o, --out <file>", "the request")
    .addHelpText(
      "after",
      `
Give the file to the registrar while it knows that it is you, as when you are logged in there. It answers
with an offer, which moiety subject accept takes.

Example:
  $ moiety subject request-attestation --folder wallet --registrar telecom -o me.request.json \\
      --roster net/roster.json --authority 5c1f…`,
    )
    .action(async (flags: WalletFlags & Trust & { registrar: string; out: string }) => {
      const { askRegistrar, trustedRoster } = await import("../subject.ts");
      const now = Date.now();
      const asked = { ...flags, now };
      const made = await askRegistrar(await holderOf(flags), trustedRoster(flags, now), asked);
      answer(made, flags.json, ({ request, thumbprint }) =>
        [`give ${request} to ${flags.registrar}; it is about the key`, `  ${thumbprint}`].join(
          "\n",
        ),
      );
    });
}

function addAccept(subject: Command): void {
  trusting(withWallet(subject.command("accept").argument("<offer>", "the registrar's file")))
    .description("verify a registrar's offer, sign it, and keep the attestation")
    .option("-o, --out <file>", "write the attestation here as well, for the bank")
    .addHelpText(
      "after",
      `
An attestation counts once it bears both signatures, the registrar's and your key's. A bureau takes one key
per person: the first stays until it expires or is revoked.

Example:
  $ moiety subject accept offer.json --folder wallet -o me.attestation.json \\
      --roster net/roster.json --authority 5c1f…`,
    )
    .action(async (offer: string, flags: WalletFlags & Trust & { out?: string }) => {
      const { acceptOffer, trustedRoster } = await import("../subject.ts");
      const now = Date.now();
      const taken = { offer, out: flags.out, now };
      const made = await acceptOffer(await holderOf(flags), trustedRoster(flags, now), taken);
      answer(
        made,
        flags.json,
        ({ registrar, expiresAt }) =>
          `accepted: ${registrar} vouches for this key until ${expiresAt}`,
      );
    });
}

interface ConsentFlags extends WalletFlags, Partial<Trust> {
  readonly bank: string;
  readonly purpose: string;
  readonly outputs: Output[];
  readonly domains?: string[];
  readonly categories?: string[];
  readonly once?: boolean;
  readonly times?: number;
  readonly per?: string;
  readonly for: string;
  readonly dataLife: string;
  readonly policy?: string;
  readonly out: string;
}

function addConsent(subject: Command): void {
  withWallet(subject.command("consent"))
    .description("let one bank ask about you, for one purpose, so often and so long")
    .requiredOption("--bank <name>", "who may ask")
    .requiredOption("--purpose <code>", "what for, a code of the supervisor's policy")
    .requiredOption("--outputs <list>", `what may be answered: ${OUTPUTS.join(",")}`, outputs)
    .option("--domains <list>", "from these platforms' domains, with commas between", names)
    .option("--categories <list>", "or from features of these categories", names)
    .option("--once", "one inquiry (the default)")
    .option("--times <n>", "or so many", count)
    .option("--per <days>", "in any so many days, e.g. 30d", days)
    .option("--for <days>", "how long the consent is valid from now on", days, "30d")
    .option("--data-life <days>", "how long the bank may keep the answer", days, "90d")
    .option("--policy <file>", "refuse what the supervisor's policy would; needs --roster")
    .option("--roster <file>", "the network's roster, to check bank and domains against")
    .option("--authority <hex>", "public key of the network's authority")
    .requiredOption("-o, --out <file>", "the consent, for the bank")
    .addHelpText(
      "after",
      `
Examples:
  $ moiety subject consent --folder wallet --bank village-bank --purpose credit-origination \\
      --outputs score --domains telecom,retail -o consent.jwt
  $ moiety subject consent --folder wallet --bank village-bank --purpose collections --outputs band \\
      --categories payment-history --times 2 --per 30d --for 60d --data-life 30d -o consent.jwt`,
    )
    .action(async (flags: ConsentFlags, command: Command) => {
      const { giveConsent, policyIn, trustedRoster } = await import("../subject.ts");
      const scope = scopeOf(flags, command);
      const now = Date.now();
      const { roster: file, authority } = flags;
      if ((file === undefined) !== (authority === undefined))
        command.error("error: --roster and --authority go together");
      if (flags.policy !== undefined && file === undefined)
        command.error("error: --policy needs --roster and --authority, to check who signed it");
      const roster =
        file === undefined
          ? undefined
          : trustedRoster({ roster: file, authority: authority! }, now);
      if (roster !== undefined) checkNames(flags, scope, roster, command);
      const policy = flags.policy === undefined ? undefined : policyIn(flags.policy, roster!, now);
      const { bank, purpose, dataLife, out } = flags;
      const terms = {
        ...{ bank, purpose, scope, dataLife, outputs: flags.outputs },
        ...{ use: useOf(flags, command), validFor: flags.for },
      };
      const given = await giveConsent(await holderOf(flags), terms, { out, policy, now });
      answer(
        given,
        flags.json,
        ({ expiresAt, jti }) =>
          `${out}: ${bank} may ask until ${expiresAt}; the consent's id is ${jti}`,
      );
    });
}

function addRevoke(subject: Command): void {
  withWallet(subject.command("revoke").argument("[token]", "the consent's file"))
    .description("take back a consent, or everything that the key signed")
    .option("--all", "everything, for ever: you need a new key afterwards", false)
    .requiredOption("-o, --out <file>", "the revocation, for the bureaus")
    .addHelpText(
      "after",
      `
It takes effect when a bureau has it, not when the file is made: moiety subject send.

Examples:
  $ moiety subject revoke consent.jwt --folder wallet -o revocation.json
  $ moiety subject revoke --all --folder wallet -o revocation.json`,
    )
    .action(
      async (
        token: string | undefined,
        flags: WalletFlags & { all: boolean; out: string },
        command: Command,
      ) => {
        if ((token === undefined) !== flags.all)
          command.error("error: name one consent's file, or give --all");
        const { revoke } = await import("../subject.ts");
        const asked = { token, out: flags.out, now: Date.now() };
        const made = await revoke(await holderOf(flags), asked);
        answer(made, flags.json, () => `wrote ${flags.out}; give it to a bureau or a bank at once`);
      },
    );
}

function addList(subject: Command): void {
  subject
    .command("list")
    .requiredOption("--folder <wallet>", "the wallet's folder")
    .option("--json", "answer as JSON", false)
    .description("what this wallet gave to whom; whether it was used, bureaus know")
    .addHelpText("after", "\nExample:\n  $ moiety subject list --folder wallet")
    .action(async ({ folder, json }: WalletFlags) => {
      const { listGiven } = await import("../subject.ts");
      answer(listGiven(folder, Date.now()), json, listText);
    });
}

function listText(given: readonly Given[]): string {
  if (given.length === 0) return "no consents were given";
  return given
    .map(
      ({ status, bank, purpose, outputs, expiresAt, jti }) =>
        `${status.padEnd(13)} ${bank}, for ${purpose}: ${outputs.join(", ")}; until ${expiresAt}  ${jti}`,
    )
    .join("\n");
}

function scopeOf({ domains, categories }: ConsentFlags, command: Command): Scope {
  if (domains !== undefined && categories === undefined) return { domains };
  if (categories !== undefined && domains === undefined) return { categories };
  return command.error("error: give either --domains or --categories");
}

function useOf({ once, times, per }: ConsentFlags, command: Command) {
  if (times === undefined && per === undefined) return "once" as const;
  if (once === true || times === undefined || per === undefined)
    return command.error("error: give either --once, or both --times and --per");
  return { times, per };
}

function checkNames({ bank }: ConsentFlags, scope: Scope, roster: Roster, command: Command): void {
  if (!roster.parties.some(({ name, role }) => name === bank && role === "bank"))
    command.error(`error: ${bank} is no bank of ${roster.network}`);
  const known = roster.domains.map(({ name }) => name);
  const unknown = "domains" in scope ? scope.domains.filter((each) => !known.includes(each)) : [];
  if (unknown.length > 0)
    command.error(`error: no domain ${unknown.join(", ")}; there are ${known.join(", ")}`);
}

function names(text: string): string[] {
  const list = text.split(",").map((each) => each.trim());
  if (list.every((each) => /^[a-z0-9][a-z0-9-]*$/.test(each))) return list;
  throw new InvalidArgumentError("names with commas between, such as telecom,retail");
}

function outputs(text: string): Output[] {
  const list = names(text);
  const known: readonly string[] = OUTPUTS;
  if (list.every((each) => known.includes(each))) return list as Output[];
  throw new InvalidArgumentError(`some of ${OUTPUTS.join(",")}`);
}

function days(text: string): string {
  if (/^[1-9][0-9]{0,3}d$/.test(text)) return text;
  throw new InvalidArgumentError("whole days such as 90d");
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= 366) return value;
  throw new InvalidArgumentError("a whole number from 1 to 366");
}
