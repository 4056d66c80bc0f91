import { type Command, InvalidArgumentError } from "commander";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

export function addEpoch(program: Command): void {
  const epoch = program
    .command("epoch")
    .description("a bureau's half of a domain's pseudonym key: begin a new one, retire an old one");
  epoch
    .command("begin")
    .argument("<domain>", "a platform's domain")
    .requiredOption("--config <bureau>", "YAML file of a bureau; it may run")
    .option("-o, --output <file>", "the request (default: <bureau>-<domain>-<epoch>.request.json)")
    .option("--json", "answer as JSON", false)
    .description("make this bureau's new key share, and the request for the network's authority")
    .addHelpText(
      "after",
      `
Both bureaus do this; the authority adds both requests to the next roster. The key stays here, mode 0600;
the request is public. Nothing changes before the new roster is installed. Run again, it gives the same
key's request again. The whole ceremony: docs/ceremonies.md

Example:
  $ moiety epoch begin telecom --config net/bureau-a/node.yaml`,
    )
    .action(async (domain: string, flags: BeginFlags) => {
      const { beginEpoch, keysOf } = await import("../epoch.ts");
      const { config } = targetOf(flags.config);
      const begun = beginEpoch(config, domain, flags.output);
      answer(begun, flags.json, ({ epoch: number, request, again }) =>
        [
          `${again ? "had begun" : "began"} epoch ${number} of ${domain}: key ${keysOf(config, begun)}`,
          `give ${request} to the network's authority, who adds both bureaus' with`,
          "  moiety roster add-epoch",
        ].join("\n"),
      );
    });
  epoch
    .command("retire")
    .argument("<domain>", "a platform's domain")
    .argument("<epoch>", "an epoch that the roster does not list", toEpoch)
    .requiredOption("--config <bureau>", "YAML file of a bureau; it may run")
    .option("--json", "answer as JSON", false)
    .description("destroy this bureau's key share of an epoch that the roster no longer lists")
    .addHelpText(
      "after",
      `
A bureau does this by itself when it gets a roster without the epoch, and removes the deposits as well; this
is to make sure, or to give up an epoch that was begun. The file is overwritten and removed. Copies that an
SSD, a journal, a snapshot or a backup keeps are not reached: destroy those backups too.

Example:
  $ moiety epoch retire telecom 1 --config net/bureau-a/node.yaml`,
    )
    .action(async (domain: string, number: number, flags: RetireFlags) => {
      const { retireEpoch } = await import("../epoch.ts");
      const retired = retireEpoch(targetOf(flags.config).config, domain, number);
      answer(retired, flags.json, ({ destroyed }) =>
        destroyed
          ? `destroyed this bureau's key of ${domain}, epoch ${number}`
          : `there is no key of ${domain}, epoch ${number}, here any more`,
      );
    });
}

interface BeginFlags {
  readonly config: string;
  readonly output?: string;
  readonly json: boolean;
}

interface RetireFlags {
  readonly config: string;
  readonly json: boolean;
}

function toEpoch(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("a number from 1 on");
  return Number(text);
}
