/** The supervisor in operation: it certifies models, and cosigns both bureaus' logs. */
import { framedHash } from "@moiety/crypto";
import { Refusal, type Service, service } from "@moiety/kit";
import {
  characteristicName,
  checkScorecard,
  DocumentError,
  modelId,
  parseScorecard,
  printable,
  type Scorecard,
} from "@moiety/model";
import {
  certify as issue,
  type Review,
  reviewWarnings,
  timeOf,
  withdrawalRefusal,
} from "@moiety/policy";
import { certify, notice, score, scoreHeader } from "@moiety/protocols";
import type { FastifyInstance } from "fastify";
import type { NodeContext, RoleRuntime } from "../context.ts";
import { DirectoryView } from "../directory-view.ts";
import { incarnationOf } from "../incarnation.ts";
import { WitnessDesk } from "../ledger/witness-desk.ts";
import type { Sample } from "../metrics.ts";
import { milestone } from "../milestone.ts";
import { requireRole } from "../roles.ts";
import { after, key, type Table } from "../store.ts";
import { OverdueDisputes } from "./overdue-disputes.ts";
import { nextSerial } from "./serial.ts";
import {
  type WithdrawalRequest,
  type WithdrawnAnswer,
  withdrawalRequest,
  withdrawalsOf,
} from "./withdrawing.ts";

const VALID_FOR_MS = 365 * 24 * 3600 * 1000;

interface Granted {
  readonly serial: number;
  readonly issuedAt: string;
}

export class Supervisor implements RoleRuntime {
  readonly #context: NodeContext;
  readonly #directory: DirectoryView;
  /** 1, 2, 3, … → certificate. */
  readonly #certificates: Table;
  /** (bank, model reference) → digest of the scorecard that was certified under this name. */
  readonly #names: Table;
  /** (bank, model reference) → the scorecard: what the bank may run beside its next model. */
  readonly #scorecards: Table;
  readonly #overdue: OverdueDisputes;
  readonly #pending = new Set<string>();
  readonly #witness: WitnessDesk;
  #judging: Promise<unknown> = Promise.resolve();

  constructor(context: NodeContext) {
    const { config, parties, switchboard, store, clock } = context;
    this.#context = context;
    this.#directory = new DirectoryView(config.name, parties, switchboard, clock);
    this.#certificates = store.table("certificates");
    this.#names = store.table("names");
    this.#scorecards = store.table("scorecards");
    this.#witness = new WitnessDesk(context, () => [parties.bureaus.a, parties.bureaus.b]);
    this.#overdue = new OverdueDisputes(store, () => parties.roster);
    switchboard.serve(this.#service(), this.#reports(), this.#witness.service());
  }

  status(): Record<string, unknown> {
    return {
      certificates: this.#certificates.getCount(),
      withdrawals: this.#context.withdrawn.status(),
      overdueDisputes: Object.fromEntries(this.#overdue.counts()),
    };
  }

  *samples(): Generator<Sample> {
    const value = this.#certificates.getCount();
    yield { name: "certificates", help: "Model certificates issued", value };
  }

  ailments(): readonly string[] {
    const overdue = [...this.#overdue.counts()].map(
      ([party, count]) => `${party} has left ${count} disputes unanswered beyond their deadline`,
    );
    return [...overdue, ...this.#witness.ailments()];
  }

  routes(server: FastifyInstance): void {
    server.post("/certificate/withdraw", ({ body }): Promise<WithdrawnAnswer> => {
      const request = withdrawalRequest.parse(body);
      // Not beside an application: it could be granted the same name once more meanwhile.
      const withdrawing = this.#judging.then(() => this.#withdraw(request));
      this.#judging = withdrawing.catch(() => {});
      return withdrawing;
    });
  }

  async close(): Promise<void> {
    await this.#judging.catch(() => {});
  }

  #reports(): Service {
    return service(
      notice.notice,
      "bureau",
      ({ sender }) => requireRole(this.#context, sender, "bureau-a", "bureau-b"),
      (session) =>
        notice.bureau(session, {
          take: (kind, document, bureau) => this.#overdue.take(kind, document, bureau),
        }),
    );
  }

  #service(): Service {
    return service(
      certify.certify,
      "supervisor",
      ({ bank }) => requireRole(this.#context, bank, "bank"),
      (session) =>
        certify.supervisor(session, {
          // One after the other, so that no number is given twice; one of each bank at a time.
          judge: (bank, application) => {
            if (this.#pending.has(bank))
              return Promise.reject(new Refusal("busy", `${bank} has an application pending`));
            this.#pending.add(bank);
            const verdict = this.#judging
              .then(() => this.#judge(bank, application))
              .finally(() => this.#pending.delete(bank));
            this.#judging = verdict.catch(() => {});
            return verdict;
          },
        }),
    );
  }

  async #judge(bank: string, application: certify.Application): Promise<certify.Verdict> {
    try {
      return { certificate: await this.#grant(bank, application), objections: [] };
    } catch (error) {
      if (!(error instanceof DocumentError || error instanceof RangeError)) throw error;
      const problems = error instanceof DocumentError ? error.problems : [error.message];
      const objections = problems.slice(0, 20).map((problem) => printable(problem, 500));
      return { certificate: new Uint8Array(), objections };
    }
  }

  async #grant(bank: string, application: certify.Application): Promise<Uint8Array> {
    const { log, clock, rng, signing, store } = this.#context;
    const text = Buffer.from(application.scorecard).toString("utf8");
    const model = parseScorecard(text, "(application)");
    this.#refuseWithdrawn(bank, model);
    const name = this.#nameOf(bank, model, application.scorecard);
    const domains = [...new Set(model.characteristics.map(({ domain }) => domain))];
    if (domains.length > scoreHeader.MAX_DOMAINS)
      throw new DocumentError(`model ${modelId(model)}`, [
        `draws on ${domains.length} domains; at most ${scoreHeader.MAX_DOMAINS}`,
      ]);
    const catalogues = [...(await this.#directory.catalogues(domains)).values()];
    checkScorecard(model, catalogues);
    const review = this.#review(bank, model);
    const now = clock.now();
    const granted = this.#certificates.getCount();
    const life = await incarnationOf(store, rng, now);
    const { serial, issuedAt }: Granted = {
      serial: nextSerial(life, granted),
      issuedAt: timeOf(now),
    };
    const certificate = issue(
      {
        model,
        bank,
        halves: {
          a: { share: score.fromBytes(application.shareA), salt: application.saltA },
          b: { share: score.fromBytes(application.shareB), salt: application.saltB },
        },
        catalogues,
        issuedAt,
        expiresAt: timeOf(now + VALID_FOR_MS),
        serial,
        ...(review && { review }),
      },
      signing,
    );
    milestone("certificate.granting");
    await store.transaction(() => {
      void this.#certificates.put(key(granted + 1), Buffer.from(certificate));
      void this.#names.put(name.place, name.digest);
      void this.#scorecards.put(name.place, Buffer.from(application.scorecard));
    });
    milestone("certificate.granted");
    log.info({ bank, model: modelId(model), serial }, "model certified");
    const warnings = review === undefined ? [] : reviewWarnings(model, review);
    if (warnings.length > 0) log.warn({ bank, model: modelId(model), warnings }, "model review");
    return certificate;
  }

  async #withdraw(request: WithdrawalRequest): Promise<WithdrawnAnswer> {
    const { withdrawn, signing, clock, log } = this.#context;
    const about = withdrawalsOf(this.#certificates, request, clock.now());
    const bytes = await withdrawn.withdraw(about, signing);
    const { bank, model, version, reason } = request;
    const { serial } = withdrawn.status();
    log.warn({ bank, model, version, reason, withdrawals: serial }, "certificates withdrawn");
    const certificates = about.map(({ certificate }) => certificate);
    return { serial, certificates, text: Buffer.from(bytes).toString("utf8") };
  }

  /** Or the bank would have the same model certified afresh. */
  #refuseWithdrawn(bank: string, model: Scorecard): void {
    const withdrawal = this.#context.withdrawn.current?.withdrawn.find(
      (each) =>
        each.bank === bank && each.modelName === model.name && each.version === model.version,
    );
    if (withdrawal !== undefined)
      throw new DocumentError(`model ${modelId(model)}`, [withdrawalRefusal(withdrawal)]);
  }

  /**
   * By what the policy in force asks of a model: on its own, and beside every other that the bank had
   * certified here. Over uniform marginals: the supervisor knows no platform's, and takes no bank's.
   */
  #review(bank: string, model: Scorecard): Review | undefined {
    const policy = this.#context.purposes.current;
    if (policy === undefined) return undefined;
    const prefix = key(bank);
    const others = [...this.#scorecards.getRange({ start: prefix, end: after(prefix) })]
      .map(({ value }) => parseScorecard(value.toString("utf8"), "(certified before)"))
      .filter((other) => modelId(other) !== modelId(model))
      .map((other) => ({ name: modelId(other), output: { model: other } }));
    const used = [model, ...others.map(({ output }) => output.model)];
    const marginals = new Map(
      used.flatMap(({ characteristics }) =>
        characteristics.map((each) => {
          const { length } = each.points;
          return [characteristicName(each), each.points.map(() => 1 / length)] as const;
        }),
      ),
    );
    return { policy, marginals, others, followTrends: true };
  }

  /** One name and version stands for one scorecard; certifying the same again is a fresh split of it. */
  #nameOf(
    bank: string,
    model: Scorecard,
    scorecard: Uint8Array,
  ): { place: Buffer; digest: Buffer } {
    const place = key(bank, framedHash("moiety/model-name/1", Buffer.from(modelId(model))));
    const digest = Buffer.from(framedHash("moiety/scorecard/1", scorecard));
    const before = this.#names.get(place);
    if (before !== undefined && !before.equals(digest))
      throw new DocumentError(`model ${modelId(model)}`, [
        `another scorecard was certified as ${modelId(model)}: raise the version`,
      ]);
    return { place, digest };
  }
}
