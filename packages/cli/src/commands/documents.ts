import { IDENTIFIER_TYPES } from "@moiety/model";
import { callNode, readConfig, SetupError } from "@moiety/node";
import { type Command, Option } from "commander";
import { answerDispute, attest, deliverNotice } from "../documents.ts";
import { readBytes, writePublic } from "../files.ts";
import { answer } from "../output.ts";
import { type Target, targetOf } from "../target.ts";

interface AttestFlags {
  readonly idFile: string;
  readonly request: string;
  readonly output: string;
  readonly type: string;
  readonly region?: string;
  readonly scheme?: string;
  readonly validFor: string;
  readonly json: boolean;
}

/** `moiety attest`, `moiety notice` and `moiety policy install`. */
export function addDocuments(program: Command): void {
  program
    .command("attest")
    .argument("<config>", "YAML file of a platform or bank that runs and knows the person")
    .description("vouch for a person's key: answer the request of their wallet")
    .requiredOption("--id-file <file>", "file with the person's identifier; - reads standard input")
    .requiredOption("--request <file>", "what `moiety subject request-attestation` wrote")
    .requiredOption("-o, --output <file>", "where the answer for the wallet goes")
    .addOption(
      new Option("--type <type>", "type of the identifier")
        .choices([...IDENTIFIER_TYPES])
        .default("phone"),
    )
    .option("--region <code>", 'where a phone number without + is dialled from, e.g. "CN"')
    .option("--scheme <name>", "scheme of national-id (default: gb11643)")
    .option("--valid-for <days>", "how long the word counts", "365d")
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
Only you can know that whoever brought the request is the person whom the identifier names: have them
log in first. The bureaus log who vouched.

Example:
  $ moiety attest net/telecom/node.yaml --id-file - --request request.json -o offer.json`,
    )
    .action(async (config: string, { output, json, ...options }: AttestFlags) => {
      writePublic(output, await attest(registrarOf(config), options));
      answer(
        { output },
        json,
        () => `wrote ${output}: the wallet accepts it with \`moiety subject accept\``,
      );
    });
  program
    .command("notice")
    .argument("<config>", "YAML file of a platform or bank that runs")
    .argument("<file>", "what a wallet wrote: an attestation, a revocation, a dispute")
    .description("hand a person's document to both bureaus; it counts as soon as they have it")
    .option("--json", "answer as JSON", false)
    .action(async (config: string, file: string, { json }: { json: boolean }) => {
      const answers = await deliverNotice(registrarOf(config), file);
      answer(answers, json, (taken) => `taken by ${Object.keys(taken).join(" and ")}`);
    });
  program
    .command("dispute")
    .description("disputes of persons with this platform or bank")
    .command("answer")
    .argument("<config>", "YAML file of the platform or bank that it is against, which runs")
    .argument("<file>", "the dispute, as the person's wallet wrote it")
    .description("end a dispute, and tell both bureaus")
    .addOption(
      new Option("--outcome <word>", "corrected: the person was right; confirmed: it stands")
        .choices(["corrected", "confirmed"])
        .makeOptionMandatory(),
    )
    .requiredOption("-o, --output <file>", "where the signed answer goes, for the person as well")
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
Correct first: deposit the right record, or delete what the answer rested on. The bureaus flag the person in
every answer until a dispute is ended, and report it to the supervisor when its deadline has passed.

Example:
  $ moiety dispute answer net/telecom/node.yaml dispute.json --outcome corrected -o answer.json`,
    )
    .action(
      async (
        config: string,
        file: string,
        flags: { outcome: string; output: string; json: boolean },
      ) => {
        const answers = await answerDispute(registrarOf(config), file, flags);
        answer(answers, flags.json, (taken) => `taken by ${Object.keys(taken).join(" and ")}`);
      },
    );
  program
    .command("policy")
    .description("the supervisor's purpose policy")
    .command("install")
    .argument("<config>", "YAML file of a node that runs")
    .argument("<file>", "the signed policy")
    .description("put a newer policy in force at a node, at once")
    .option("--json", "answer as JSON", false)
    .action(async (config: string, file: string, { json }: { json: boolean }) => {
      const { socket } = targetOf(config);
      const text = Buffer.from(readBytes(file, "policy")).toString();
      const installed = await callNode<{ version: number; former: number | null }>(
        socket,
        "/policy",
        { body: { text, file } },
      );
      answer(installed, json, ({ version, former }) =>
        version === former
          ? `version ${version} was in force already`
          : `version ${version} is in force`,
      );
    });
}

function registrarOf(file: string): Target {
  const { role } = readConfig(file);
  if (role === "platform" || role === "bank") return targetOf(file);
  throw new SetupError(
    `${file} is the configuration of a ${role}; this needs a platform or a bank`,
  );
}
