import { type Command, InvalidArgumentError } from "commander";
import { answer } from "../output.ts";

interface Flags {
  readonly network: string;
  readonly bank: readonly string[];
  readonly catalogue: readonly string[];
  readonly consent: boolean;
  readonly host: string;
  readonly basePort: number;
  readonly json: boolean;
}

export function addInit(program: Command): void {
  program
    .command("init")
    .argument("<folder>", "a folder that does not exist yet")
    .description(
      "make a ready network: keys, pinned certificates, signed roster, a config per node",
    )
    .option("--network <name>", "name of the network", "moiety-local")
    .option("--bank <name...>", "banks", ["bank"])
    .option("--catalogue <file...>", "a platform per catalogue (default: three starters)", [])
    .option("--consent", "answer nothing about a person without their consent", false)
    .option("--host <host>", "where bureaus and supervisor listen", "127.0.0.1")
    .option("--base-port <port>", "bureau A, then B, then supervisor; 0: any free ones", toPort, 0)
    .option("--json", "answer as JSON", false)
    .addHelpText(
      "after",
      `
Every private key is readable by you alone (mode 0600). On one machine all parties' keys are made here;
for a network of several organisations each makes its own, and only public halves go into the roster.

With --consent the roster has a consent domain: both bureaus then refuse every inquiry that no registered
consent covers, under the supervisor's purpose policy (policy.json, which is made here as well).

Examples:
  $ moiety init net
  $ moiety init net --consent
  $ moiety init net --bank north south --catalogue telecom.yaml payments.yaml --base-port 7700`,
    )
    .action(async (folder: string, flags: Flags) => {
      const { network, bank: banks, catalogue: catalogues, consent, host, basePort, json } = flags;
      // Only here: what makes certificates takes longer to load than most commands to run.
      const { makeNetwork } = await import("../init.ts");
      const made = await makeNetwork(folder, {
        network,
        banks,
        catalogues,
        consent,
        host,
        basePort,
      });
      answer(made, json, ({ configs }) => {
        const nodes = Object.values(configs).map((file) => `  moiety node ${file}`);
        return `made ${network} in ${made.folder}\nstart each node in a terminal of its own:\n${nodes.join("\n")}`;
      });
    });
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_533)
    throw new InvalidArgumentError("a port within 0..65533");
  return port;
}
