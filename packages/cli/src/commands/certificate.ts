import { callNode, type WithdrawalsAnswer, type WithdrawnAnswer } from "@moiety/node";
import { type Command, InvalidArgumentError } from "commander";
import { readBytes, writePublic } from "../files.ts";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

interface WithdrawFlags {
  readonly reason: string;
  readonly output: string;
  readonly certificate?: string;
  readonly json: boolean;
}

/** `moiety certificate withdraw` and `moiety certificate install`. */
export function addCertificate(program: Command): void {
  const certificate = program
    .command("certificate")
    .description("model certificates that the supervisor withdraws before they expire");
  addWithdraw(certificate);
  addInstall(certificate);
}

function addWithdraw(certificate: Command): void {
  certificate
    .command("withdraw")
    .argument("<config>", "YAML file of the supervisor, which runs")
    .argument("<bank>", "whose model it is")
    .argument("<model>", "its name")
    .argument("<version>", "its version", toVersion)
    .requiredOption("--reason <text>", "shown to the bank, at most 200 characters; no secrets")
    .requiredOption("-o, --output <file>", "where the signed list for both bureaus goes")
    .option("--certificate <digest>", "of one that the supervisor's store has lost, 64 hex digits")
    .option("--json", "answer as JSON", false)
    .description("withdraw a model's certificates for good, and sign the list that says so")
    .addHelpText(
      "after",
      `
Nothing changes at a bureau before it is given the list: moiety certificate install, at both. The list has
all that was withdrawn before. Run again, the command writes the list in force again. The model can be
certified again under another version only. The bureaus' logs have the digest of each certificate.

Example:
  $ moiety certificate withdraw net/supervisor/node.yaml bank consumer-card 1 \\
      --reason "The sample was not the one described." -o withdrawals.json`,
    )
    .action(
      async (
        config: string,
        bank: string,
        model: string,
        version: number,
        { output, json, ...options }: WithdrawFlags,
      ) => {
        const { socket } = targetOf(config, "supervisor");
        const body = { bank, model, version, ...options };
        const { text, ...said } = await callNode<WithdrawnAnswer>(socket, "/certificate/withdraw", {
          body,
        });
        writePublic(output, Buffer.from(text));
        answer({ output, ...said }, json, ({ serial, certificates }) =>
          [
            `${model}@${version} of ${bank} is withdrawn (certificates: ${certificates.length});`,
            `${output} is list no. ${serial}. Next, at each bureau:`,
            `  moiety certificate install <config> ${output}`,
          ].join("\n"),
        );
      },
    );
}

function addInstall(certificate: Command): void {
  certificate
    .command("install")
    .argument("<config>", "YAML file of a bureau, or the supervisor, that runs")
    .argument("<file>", "the signed list of withdrawn certificates")
    .option("--json", "answer as JSON", false)
    .description("put the supervisor's list of withdrawn certificates in force at a node, at once")
    .addHelpText(
      "after",
      `
From then on the bureau refuses to take or use what is on the list, whatever the other bureau does. Refused: an
older list, a second one with the same number, one that forgets a certificate, one that another has signed.
At the supervisor it is only for a store that was restored from a copy.

Example:
  $ moiety certificate install net/bureau-a/node.yaml withdrawals.json`,
    )
    .action(async (config: string, file: string, { json }: { json: boolean }) => {
      const { socket } = targetOf(config);
      const text = Buffer.from(readBytes(file, "list")).toString();
      const installed = await callNode<WithdrawalsAnswer>(socket, "/withdrawals", {
        body: { text, file },
      });
      answer(installed, json, ({ serial, former, certificates }) =>
        serial === former
          ? `list no. ${serial} was in force already`
          : `list no. ${serial} is in force; certificates withdrawn so far: ${certificates}`,
      );
    });
}

function toVersion(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError("a whole number from 1 on");
  return Number(text);
}
