/** A bureau in operation: which protocols it serves to whom, and from which of its stores. */
import { type SealedKeyPair, sign } from "@moiety/crypto";
import { Refusal, type Service, service } from "@moiety/kit";
import { NEVER_CATEGORIES } from "@moiety/policy";
import {
  deploy,
  deposit,
  type depositHeader,
  directory,
  pseudonym,
  randomOt,
  record,
  score,
} from "@moiety/protocols";
import type { FastifyInstance } from "fastify";
import { logFailure, type NodeContext, type RoleRuntime } from "../context.ts";
import { DirectoryView } from "../directory-view.ts";
import { KEY_FILES, readBoxKey, requireListed } from "../keys.ts";
import { Chronicle } from "../ledger/chronicle.ts";
import { NodeLedger } from "../ledger/node-ledger.ts";
import { serveLedger } from "../ledger/serving.ts";
import { WitnessDesk } from "../ledger/witness-desk.ts";
import type { Sample } from "../metrics.ts";
import { turnFor } from "../next-turn.ts";
import { RateLimit } from "../rate.ts";
import { RECEIPT_CONTEXT } from "../receipt.ts";
import { requireRole } from "../roles.ts";
import { ConsentDesk } from "./consents/consent-desk.ts";
import { DisputeDeadlines } from "./consents/dispute-deadlines.ts";
import { personDesk } from "./consents/person-desk.ts";
import { servePeople } from "./consents/person-desk-routes.ts";
import { consentServices } from "./consents/services.ts";
import { Epochs } from "./epochs.ts";
import { Inquiries } from "./inquiries.ts";
import { InquiryRecords } from "./inquiry-records.ts";
import { InquiryDesk } from "./inquiry-run.ts";
import { Models } from "./models.ts";
import { OpenInquiries } from "./open-inquiries.ts";
import { keepPadsFilled, sendPads } from "./pad-runs.ts";
import { PadShares } from "./pad-shares.ts";
import { PadStock } from "./pads.ts";
import { runScore } from "./score-runs.ts";
import { Shelf } from "./shelf.ts";

export class Bureau implements RoleRuntime {
  readonly #context: NodeContext;
  readonly #side: "a" | "b";
  readonly #peer: string;
  readonly #epochs: Epochs;
  readonly #shelf: Shelf;
  readonly #models: Models;
  readonly #inquiries: InquiryDesk;
  readonly #records: InquiryRecords;
  readonly #open: OpenInquiries;
  /** Undefined in a network that asks for no consents. */
  readonly #consents: ConsentDesk | undefined;
  readonly #deadlines: DisputeDeadlines | undefined;
  readonly #pads: PadStock;
  readonly #shares: PadShares;
  readonly #ledger: NodeLedger;
  readonly #chronicle: Chronicle;
  readonly #witness: WitnessDesk;
  readonly #evaluations: RateLimit;
  readonly #box: SealedKeyPair;
  /** Platforms with a deposit under way: one at a time each. */
  readonly #depositing = new Set<string>();
  #scored = 0;

  constructor(context: NodeContext) {
    const { config, parties, store, clock } = context;
    this.#context = context;
    this.#side = config.role === "bureau-a" ? "a" : "b";
    this.#peer = this.#side === "a" ? parties.bureaus.b : parties.bureaus.a;
    this.#epochs = new Epochs(context, this.#side, () => this.#shelf);
    this.#box = readBoxKey(config.keys);
    requireListed(config, KEY_FILES.box, this.#box.publicKey, parties.get(config.name).box);
    const directoryView = new DirectoryView(config.name, parties, context.switchboard, clock);
    this.#shelf = new Shelf(store, {
      network: parties.network,
      side: this.#side,
      clock,
      recordsPerPlatform: config.limits.recordsPerPlatform,
      never: () => context.purposes.current?.never ?? NEVER_CATEGORIES,
      domain: (name) => {
        const owner = parties.domains.get(name);
        if (owner === undefined) return undefined;
        const { platform } = owner;
        const epochs = parties.epochs(name).map(({ epoch }) => epoch);
        return { platform, epochs, key: parties.verifying(platform) };
      },
      peerDeposits: async (domain) =>
        (await directoryView.recentDepositsAt(this.#peer, domain)).map(({ bytes }) => bytes),
      notDone: (error) => logFailure(context.log, error),
    });
    const { withdrawn } = context;
    const supervisor = parties.verifying(parties.supervisor);
    this.#models = new Models({ store, side: this.#side, supervisor, withdrawn }, clock.now());
    this.#pads = new PadStock(config.limits.padsReady, clock);
    this.#shares = new PadShares(this.#pads);
    this.#ledger = new NodeLedger(context, this.#peer, () => {
      this.#chronicle.begin();
      this.#open.begin();
    });
    this.#open = new OpenInquiries(context, this.#ledger);
    this.#chronicle = new Chronicle(context, this.#ledger, {
      deposits: () => this.#shelf.listing(),
      models: () => this.#models.all,
      withdrawn: () => withdrawn.current?.withdrawn ?? [],
    });
    this.#records = new InquiryRecords(store, (seq) => this.#ledger.receipt(seq));
    if (parties.consentDomain !== undefined) {
      this.#consents = new ConsentDesk({
        store,
        network: parties.network,
        roster: () => parties.roster,
        policy: () => context.purposes.inForce,
        now: () => clock.now(),
        commit: (drafts, write) => this.#ledger.append(drafts, { write }),
      });
      this.#deadlines = new DisputeDeadlines(context, this.#consents.disputes);
    }
    this.#inquiries = new InquiryDesk({
      store,
      inquiries: new Inquiries(this.#shelf, this.#models, parties),
      ledger: this.#ledger,
      entitlements: this.#consents?.entitlements,
      records: this.#records,
      open: this.#open,
      parties,
      policy: () => context.purposes.current,
      nowMs: () => clock.now(),
      side: this.#side,
      peer: this.#peer,
      notKept: (error) => logFailure(context.log, error),
    });
    this.#witness = new WitnessDesk(context, () => [this.#peer]);
    this.#evaluations = new RateLimit(config.limits.evaluationsPerMinute, clock);
    withdrawn.onChange(() => this.#chronicle.begin());
    this.#epochs.retire();
    parties.onChange(() => {
      this.#shelf.adopt();
      this.#epochs.adopt();
      this.#chronicle.begin();
    });
    this.#chronicle.begin();
    this.#open.begin();
    this.#deadlines?.begin();
    context.switchboard.serve(...this.#services());
    void keepPadsFilled(context, this.#pads, this.#peer);
  }

  status(): Record<string, unknown> {
    const { withdrawn } = this.#context;
    return {
      deposits: this.#shelf.listing().map(({ header }) => {
        const { domain, platform, epoch, version, records, features } = header;
        return { domain, platform, epoch, version, records, features };
      }),
      models: [...this.#models.all].map(([digest, { certificate }]) => {
        const { modelName: name, version, bank, expiresAt } = certificate;
        const withdrawal = withdrawn.find(Buffer.from(digest, "hex"));
        const { withdrawnAt } = withdrawal ?? {};
        return { name, version, bank, expiresAt, ...(withdrawnAt && { withdrawnAt }) };
      }),
      withdrawals: withdrawn.status(),
      pads: this.#pads.distrusted
        ? "stopped: the other bureau was caught cheating"
        : this.#pads.levels,
      stored: Object.fromEntries(this.#shelf.stored.rows),
      scored: this.#scored,
      ledger: this.#ledger.status(),
      ...this.#epochs.status(),
    };
  }

  *samples(): Generator<Sample> {
    const latest = new Set<string>();
    for (const { header } of this.#shelf.listing()) {
      const { domain, epoch, version, records } = header;
      // The version is a value: as a label, which a platform chooses, it made a series per deposit.
      if (latest.has(`${domain}/${epoch}`)) continue;
      latest.add(`${domain}/${epoch}`);
      const labels = { domain, epoch: String(epoch) };
      yield { name: "deposit_version", help: "Latest version held", labels, value: version };
      yield { name: "deposit_records", help: "Records of that deposit", labels, value: records };
    }
    const { rows, limit } = this.#shelf.stored;
    for (const [platform, value] of rows)
      yield {
        name: "platform_records",
        help: "Records kept for a platform, of all versions together",
        labels: { platform },
        value,
      };
    yield { name: "platform_records_limit", help: "Records that are kept for one", value: limit };
    yield { name: "models", help: "Models held", value: this.#models.all.size };
    for (const [direction, value] of Object.entries(this.#pads.levels))
      yield {
        name: "random_ots",
        help: "Random OTs: ready, and made",
        labels: { direction },
        value,
      };
    yield { name: "scored", help: "People scored since the start", value: this.#scored };
    yield* this.#ledger.samples();
  }

  ailments(): readonly string[] {
    const ailments = this.#epochs.lost.map(
      (epoch) => `the key of ${epoch} is not in its folder: restore it, or rotate to a new epoch`,
    );
    ailments.push(...this.#ledger.ailments(), ...this.#witness.ailments());
    if (this.#pads.distrusted)
      ailments.push(`${this.#peer} was caught cheating: no lookups with it until a restart`);
    const { rows, limit } = this.#shelf.stored;
    for (const [platform, count] of rows)
      if (count > NEARLY * limit)
        ailments.push(`${platform} has ${count} of ${limit} records (limits.recordsPerPlatform)`);
    return ailments;
  }

  routes(server: FastifyInstance): void {
    serveLedger(server, this.#ledger);
  }

  publishes(server: FastifyInstance): void {
    serveLedger(server, this.#ledger);
    if (this.#consents === undefined) return;
    const receipt = (seq: number): Uint8Array | undefined => this.#ledger.receipt(seq);
    const desk = personDesk(this.#context, this.#box, this.#consents, receipt);
    servePeople(server, desk, this.#context.clock);
  }

  async close(): Promise<void> {
    this.#pads.close();
    // At once: a removal that is under way ends when the shelf does.
    const works = [this.#epochs, this.#shelf, this.#chronicle, this.#open];
    await Promise.all([...works.map((work) => work.close()), this.#deadlines?.close()]);
    await this.#ledger.close();
  }

  #services(): Service[] {
    const { parties, clock } = this.#context;
    const own = this.#side;
    const bureaus = (named: { readonly a: string; readonly b: string }): void => {
      if (named.a !== parties.bureaus.a || named.b !== parties.bureaus.b)
        throw new Refusal("refused", "the bureaus named are not those of the roster");
    };
    const must = requireRole.bind(undefined, this.#context);
    return [
      service(
        pseudonym.pseudonym,
        own,
        (named) => {
          bureaus(named);
          must(named.client, "platform", "bank");
        },
        (session) => pseudonym.bureau(session, this.#evaluator(session.party("client"))),
      ),
      service(
        deposit.deposit,
        "bureau",
        ({ platform }) => must(platform, "platform"),
        (session) => this.#takeDeposit(session),
      ),
      service(
        directory.directory,
        "bureau",
        ({ client }) => must(client, "platform", "bank", "supervisor", "bureau-a", "bureau-b"),
        (session) => directory.bureau(session, { list: (asked) => this.#list(asked) }),
      ),
      service(
        deploy.deploy,
        "bureau",
        (named) => must(named.bank, "bank"),
        (session) =>
          deploy.bureau(session, {
            install: async (name, share) => {
              const objection = await this.#models.install(name, share, clock.now());
              this.#chronicle.begin();
              return objection;
            },
          }),
      ),
      service(
        score.score,
        own,
        (named) => {
          bureaus(named);
          must(named.bank, "bank");
        },
        async (session) => {
          const [inquiries, stock, shares] = [this.#inquiries, this.#pads, this.#shares];
          const parts = { context: this.#context, peer: this.#peer, inquiries, stock, shares };
          this.#scored += await runScore(session, parts);
        },
      ),
      service(
        randomOt.randomOt,
        "sender",
        ({ receiver }) => {
          if (receiver !== this.#peer) throw new Refusal("refused", "not the other bureau");
        },
        (session) => sendPads(session, this.#pads, this.#context.otSetup),
      ),
      this.#witness.service(),
      service(
        record.record,
        "bureau",
        ({ bank }) => must(bank, "bank"),
        (session) => record.bureau(session, { find: (bank, id) => this.#records.find(bank, id) }),
      ),
      ...(this.#consents === undefined
        ? []
        : consentServices({
            context: this.#context,
            desk: this.#consents,
            side: own,
            requireBureaus: bureaus,
            evaluator: (client) => this.#evaluator(client),
          })),
    ];
  }

  #evaluator(client: string): pseudonym.BureauInput {
    const { parties } = this.#context;
    let evaluations = 0;
    return {
      breathe: async () => turnFor(evaluations),
      keyShare: ({ domain, epoch }, identifiers) => {
        evaluations += identifiers;
        if (evaluations > MAX_EVALUATIONS_AT_ONCE)
          throw new Refusal("refused", `over ${MAX_EVALUATIONS_AT_ONCE} evaluations in one run`);
        const { keys, pair } = this.#epochs.serving(domain, epoch);
        // Not by "is a platform": one that has just left the roster is none, and no bank either.
        const isShared = domain === parties.consentDomain?.domain;
        if (!parties.has(client, "bank") && keys.platform !== client && !isShared)
          throw new Refusal("refused", `${client} asked for the domain of ${keys.platform}`);
        this.#evaluations.spend(client, identifiers);
        return { secret: pair.secretKey, public: pair.publicKey };
      },
    };
  }

  async #takeDeposit(session: Parameters<typeof deposit.bureau>[0]): Promise<void> {
    const { log, signing } = this.#context;
    const platform = session.party("platform");
    if (this.#depositing.has(platform))
      throw new Refusal("busy", `${platform} has a deposit under way`);
    this.#depositing.add(platform);
    let header: depositHeader.DepositHeader;
    try {
      header = await deposit.bureau(session, {
        side: this.#side,
        box: this.#box,
        shelf: this.#shelf,
        receipt: (bytes) => sign(signing, RECEIPT_CONTEXT, bytes),
      });
    } finally {
      this.#depositing.delete(platform);
    }
    const { domain, version, records } = header;
    this.#chronicle.begin();
    log.info({ domain, version, records }, "deposit complete");
  }

  #list(asked: directory.Question): directory.Listing {
    const deposits = asked.domains
      .flatMap((domain) => this.#shelf.newest(domain, directory.HEADERS_PER_DOMAIN))
      .map(({ bytes, signature }) => ({ header: bytes, signature }));
    const catalogues = asked.catalogues.map((domain) => {
      const latest = this.#shelf.latest(domain);
      return latest ? (this.#shelf.catalogue(latest.header.catalogue) ?? EMPTY) : EMPTY;
    });
    return { deposits, catalogues };
  }
}

const EMPTY = new Uint8Array();
/** Of what a platform may have here: above it, whoever is on duty should know. */
const NEARLY = 0.95;
/** Identifiers times domains in one run: some 150 ms of this bureau's time. */
const MAX_EVALUATIONS_AT_ONCE = 1024;
