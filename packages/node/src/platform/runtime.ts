/** A platform in operation: it deposits when told to, and may be down at all other times. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { NodeContext, RoleRuntime } from "../context.ts";
import { reported, sendLines } from "../control-stream.ts";
import { Depositing, type DepositProgress } from "./depositing.ts";
import { headerOf } from "./outbox.ts";

const depositRequest = z.strictObject({ csv: z.string().min(1).max(4096) });

export class Platform implements RoleRuntime {
  readonly #depositing: Depositing;

  constructor(context: NodeContext) {
    this.#depositing = new Depositing(context);
  }

  status(): Record<string, unknown> {
    const { domain, features } = this.#depositing.catalogue;
    const { last } = this.#depositing;
    const deposited = last && {
      version: last.version,
      records: headerOf(last).header.records,
      accepted: last.accepted,
    };
    return { domain, features: features.length, deposit: deposited ?? null };
  }

  routes(server: FastifyInstance): void {
    server.post("/deposit", async (request, reply) => {
      const { csv } = depositRequest.parse(request.body);
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort()); // Ctrl-C at the command line, or the end
      const steps = reported<DepositProgress>((report) =>
        this.#depositing.deposit(csv, report, gone.signal),
      );
      return sendLines(reply, steps);
    });
  }

  async close(): Promise<void> {
    // A deposit under way ends with its sessions, and resumes when it is asked for again.
  }
}
