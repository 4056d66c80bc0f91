import type { Command } from "commander";
import { answer } from "../output.ts";
import { targetOf } from "../target.ts";

export function addKeys(program: Command): void {
  const keys = program
    .command("keys")
    .description("a node's own keys: renew its certificate, make keys for a node that has none");
  const command = (name: string): Command =>
    keys
      .command(name)
      .requiredOption("--config <node>", "the node's YAML file")
      .option("-o, --output <file>", "the request (default: <node>.keys.json)")
      .option("--json", "answer as JSON", false);
  command("renew")
    .description("make a new TLS key and certificate, without an interruption")
    .addHelpText(
      "after",
      `
Steps: renew here; the authority runs moiety roster set-keys and signs; all nodes install that roster, and
accept both certificates; restart this node, which then uses the new one; later, moiety roster drop-former.

Example:
  $ moiety keys renew --config net/bureau-b/node.yaml`,
    )
    .action(async (flags: Flags) => {
      const { renewCertificate } = await import("../keys.ts");
      answer(
        await renewCertificate(targetOf(flags.config).config, flags.output),
        flags.json,
        ({ request }) =>
          [
            `made a new certificate; give ${request} to the network's authority, who enters it with`,
            "  moiety roster set-keys",
          ].join("\n"),
      );
    });
  command("make")
    .description("make those keys of a node that are missing, when they were lost or must change")
    .addHelpText(
      "after",
      `
For a node whose keys are lost, or whose signing key must change (put the old files away first). A bureau's
OPRF keys are not made here: see moiety epoch begin. The ceremonies: docs/ceremonies.md

Example:
  $ moiety keys make --config net/bureau-b/node.yaml`,
    )
    .action(async (flags: Flags) => {
      const { makeKeys } = await import("../keys.ts");
      answer(
        await makeKeys(targetOf(flags.config).config, flags.output),
        flags.json,
        ({ party, request, fingerprint }) =>
          [
            `give ${request} to the network's authority, and tell it over another channel that the`,
            `fingerprint of what ${party} asks for is`,
            `  ${fingerprint}`,
          ].join("\n"),
      );
    });
}

interface Flags {
  readonly config: string;
  readonly output?: string;
  readonly json: boolean;
}
