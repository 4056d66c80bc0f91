/** A platform in operation: it deposits when told to, and may be down at all other times. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { NodeContext, RoleRuntime } from "../context.ts";
import { reported, sendLines } from "../control-stream.ts";
import type { Sample } from "../metrics.ts";
import type { Persistent } from "../persistent.ts";
import { registrarRoutes } from "../registrar.ts";
import { Depositing } from "./depositing.ts";
import { Desk } from "./desk.ts";
import type { DepositProgress } from "./progress.ts";
import { dropRetiredPseudonyms } from "./retired-pseudonyms.ts";
import { Vigil } from "./vigil.ts";

const file = z.string().min(1).max(4096);
const depositRequest = z.strictObject({
  csv: file,
  update: z.boolean().optional(),
  full: z.boolean().optional(),
});
const withdrawRequest = z.strictObject({ csv: file.optional(), full: z.boolean().optional() });

export class Platform implements RoleRuntime {
  readonly #context: NodeContext;
  readonly #depositing: Depositing;
  readonly #desk: Desk;
  readonly #vigil: Vigil;
  readonly #dropping: Persistent;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#depositing = new Depositing(context);
    this.#desk = new Desk(this.#depositing);
    this.#vigil = new Vigil(this.#depositing, this.#desk);
    this.#vigil.begin();
    this.#dropping = dropRetiredPseudonyms(context);
  }

  status(): Record<string, unknown> {
    const { domain, features } = this.#depositing.catalogue;
    const { last } = this.#depositing;
    const deposited = last && {
      version: last.version,
      epoch: last.epoch,
      records: last.people,
      accepted: last.accepted,
    };
    const { lost, behind } = this.#vigil.findings;
    return {
      domain,
      features: features.length,
      deposit: deposited ?? null,
      ...(lost.length > 0 && { depositingAgainFor: lost }),
      ...(behind && { behind: "bureaus hold a later deposit than this node made" }),
    };
  }

  *samples(): Generator<Sample> {
    const { last } = this.#depositing;
    if (last === undefined) return;
    const { domain, version, accepted } = last;
    const value = last.people;
    yield {
      name: "deposit_version",
      help: "Latest deposit made here",
      labels: { domain },
      value: version,
    };
    yield { name: "deposit_records", help: "Records of that deposit", labels: { domain }, value };
    for (const side of ["a", "b"] as const)
      yield {
        name: "deposit_accepted",
        help: "Whether a bureau holds the latest deposit",
        labels: { domain, bureau: side },
        value: accepted[side] ? 1 : 0,
      };
  }

  ailments(): readonly string[] {
    const { last } = this.#depositing;
    const { lost, behind } = this.#vigil.findings;
    const ailments = lost.map((bureau) => `${bureau} has lost a deposit that it had accepted`);
    if (behind) ailments.push("its store is an old copy: deposit the current file again");
    if (last !== undefined && !(last.accepted.a && last.accepted.b))
      ailments.push(`deposit version ${last.version} has not reached both bureaus`);
    return ailments;
  }

  routes(server: FastifyInstance): void {
    registrarRoutes(server, this.#context);
    server.post("/deposit", async (request, reply) => {
      const order = depositRequest.parse(request.body);
      return answered(reply, (report, gone) => this.#desk.deposit(order, report, gone));
    });
    server.post("/withdraw", async (request, reply) => {
      const order = withdrawRequest.parse(request.body);
      return answered(reply, (report, gone) => this.#desk.withdraw(order, report, gone));
    });
  }

  async close(): Promise<void> {
    // What is under way ends with its sessions, and resumes when it is asked for again.
    this.#vigil.close();
    this.#desk.close();
    await this.#dropping.close();
  }
}

/** Answers with progress; work stops at its next step once nobody reads it. */
function answered(
  reply: FastifyReply,
  work: (
    report: (progress: DepositProgress) => void,
    gone: AbortSignal,
  ) => Promise<DepositProgress>,
): FastifyReply {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort()); // Ctrl-C at the command line, or the end
  return sendLines(
    reply,
    reported<DepositProgress>((report) => work(report, gone.signal)),
  );
}
