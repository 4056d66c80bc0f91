/** A bank's dealings with the supervisor and the bureaus about its model. */
import { splitPoints } from "@moiety/crypto";
import {
  type Catalogue,
  checkScorecard,
  parseScorecard,
  pointTables,
  type Scorecard,
  type ScoreRange,
  scorecardBytes,
  scoreRange,
} from "@moiety/model";
import {
  certificateDigest,
  isCertifiedShare,
  type ModelCertificate,
  parseCertificate,
} from "@moiety/policy";
import { certify, deploy, score } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import type { DirectoryView } from "../directory-view.ts";
import { milestone } from "../milestone.ts";
import { retrying } from "../retry.ts";
import { ModelBook } from "./book.ts";

export class Modelling {
  readonly #context: NodeContext;
  readonly #directory: DirectoryView;
  readonly #book: ModelBook;
  /** By digest. */
  readonly #verified = new Map<string, ModelCertificate>();

  constructor(context: NodeContext, directory: DirectoryView) {
    this.#context = context;
    this.#directory = directory;
    this.#book = new ModelBook(context.store);
    context.parties.onChange(() => this.#verified.clear()); // the supervisor may have another key
  }

  /** The catalogues of all deposits in place, by domain. */
  async catalogues(): Promise<Catalogue[]> {
    const domains = [...(await this.#directory.common()).keys()].sort();
    return [...(await this.#directory.catalogues(domains)).values()];
  }

  /** Checks a scorecard against the catalogues of the deposits in place; throws `DocumentError`. */
  async check(text: string, file: string): Promise<{ model: Scorecard; range: ScoreRange }> {
    const model = parseScorecard(text, file);
    const domains = [...new Set(model.characteristics.map(({ domain }) => domain))];
    const catalogues = await this.#directory.catalogues(domains);
    const absent = domains.filter((domain) => !catalogues.has(domain));
    if (absent.length > 0)
      throw new SetupError(
        `model ${file}: no deposit, and so no catalogue, of ${absent.join(", ")}`,
      );
    checkScorecard(model, [...catalogues.values()], file);
    return { model, range: scoreRange(model) };
  }

  /** Splits the model afresh and has it certified; throws `SetupError` with the objections. */
  async certify(text: string, file: string): Promise<ModelCertificate> {
    const { model } = await this.check(text, file);
    const { switchboard, parties, config, clock, rng } = this.#context;
    const [a, b] = splitPoints(pointTables(model), rng);
    const application: certify.Application = {
      scorecard: scorecardBytes(model),
      shareA: score.toBytes(a),
      shareB: score.toBytes(b),
      saltA: rng.bytes(32),
      saltB: rng.bytes(32),
    };
    const roles = { bank: config.name, supervisor: parties.supervisor };
    const verdict = await retrying(clock, () =>
      switchboard.run(certify.certify, "bank", roles, (session) =>
        certify.bank(session, application),
      ),
    );
    if (verdict.objections.length > 0)
      throw new SetupError(`${parties.supervisor} objects:\n  ${verdict.objections.join("\n  ")}`);
    const certificate = this.#parse(verdict.certificate);
    const sound =
      certificate.bank === config.name &&
      certificate.modelName === model.name &&
      certificate.version === model.version &&
      isCertifiedShare(certificate, "a", application.saltA, a) &&
      isCertifiedShare(certificate, "b", application.saltB, b);
    if (!sound)
      throw new SetupError(`${parties.supervisor} certified another model than was asked for`);
    const { shareA, shareB, saltA, saltB } = application;
    const shares = { a: { table: shareA, salt: saltA }, b: { table: shareB, salt: saltB } };
    await this.#book.put(model.name, {
      certificate: verdict.certificate,
      shares,
      deployed: false,
    });
    milestone("model.certified");
    return certificate;
  }

  /** Sends each bureau its half; throws `SetupError` with a bureau's objection. */
  async deploy(name: string): Promise<ModelCertificate> {
    const own = this.#book.certified(name);
    if (own === undefined)
      throw new SetupError(`no model ${name} here; certify it first with \`moiety model certify\``);
    const { switchboard, parties, config, clock } = this.#context;
    for (const side of ["a", "b"] as const) {
      const bureau = parties.bureaus[side];
      const share = { certificate: own.certificate, ...own.shares[side] };
      const objection = await retrying(clock, () =>
        switchboard.run(deploy.deploy, "bank", { bank: config.name, bureau }, (session) =>
          deploy.bank(session, share),
        ),
      );
      if (objection !== "") throw new SetupError(`${bureau} objects: ${objection}`);
      milestone("model.half-deployed");
    }
    await this.#book.put(name, { ...own, deployed: true });
    return this.#parse(own.certificate);
  }

  /** The deployed model of this name, or the only one there is. */
  deployed(name?: string): { certificate: ModelCertificate; certificateBytes: Uint8Array } {
    const candidates = this.#book.names().filter((each) => this.#book.deployed(each));
    const only = name ?? (candidates.length === 1 ? candidates[0] : undefined);
    if (only === undefined)
      throw new SetupError(
        candidates.length === 0
          ? "no model is deployed; use `moiety model certify` and `moiety model deploy`"
          : `several models are deployed: say which with --model (${candidates.join(", ")})`,
      );
    const own = this.#book.deployed(only);
    if (own === undefined) throw new SetupError(`the model ${only} is not deployed`);
    const { certificate } = own;
    return { certificate: this.#parse(certificate), certificateBytes: certificate };
  }

  /** Names, versions, and whether they are deployed. */
  list(): { name: string; deployed: boolean }[] {
    return this.#book
      .names()
      .map((name) => ({ name, deployed: this.#book.deployed(name) !== undefined }));
  }

  /** Verified once per certificate and roster: each inquiry asks for it. */
  #parse(bytes: Uint8Array): ModelCertificate {
    const { parties, clock } = this.#context;
    const name = Buffer.from(certificateDigest(bytes)).toString("hex");
    const known = this.#verified.get(name);
    if (known !== undefined && clock.now() < Date.parse(known.expiresAt)) return known;
    const supervisor = parties.verifying(parties.supervisor);
    const certificate = parseCertificate(bytes, supervisor, clock.now());
    this.#verified.set(name, certificate);
    return certificate;
  }
}
