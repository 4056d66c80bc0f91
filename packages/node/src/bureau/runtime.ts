/** A bureau in operation: which protocols it serves to whom, and from which of its stores. */
import { type SealedKeyPair, sign, verify } from "@moiety/crypto";
import { Refusal, type Service, service } from "@moiety/kit";
import {
  deploy,
  deposit,
  type depositHeader,
  directory,
  pseudonym,
  randomOt,
  score,
} from "@moiety/protocols";
import type { FastifyInstance } from "fastify";
import { logFailure, type NodeContext, type RoleRuntime } from "../context.ts";
import { DirectoryView } from "../directory-view.ts";
import { KEY_FILES, readBoxKey, requireListed } from "../keys.ts";
import type { Sample } from "../metrics.ts";
import { nextTurn } from "../next-turn.ts";
import { RateLimit } from "../rate.ts";
import { RECEIPT_CONTEXT } from "../receipt.ts";
import { requireRole } from "../roles.ts";
import { Epochs } from "./epochs.ts";
import { Inquiries } from "./inquiries.ts";
import { Models } from "./models.ts";
import { isLoss, isStale, PadStock } from "./pads.ts";
import { Shelf } from "./shelf.ts";

export class Bureau implements RoleRuntime {
  readonly #context: NodeContext;
  readonly #side: "a" | "b";
  readonly #peer: string;
  readonly #epochs: Epochs;
  readonly #shelf: Shelf;
  readonly #models: Models;
  readonly #inquiries: Inquiries;
  readonly #pads: PadStock;
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
    this.#models = new Models(
      store,
      this.#side,
      parties.verifying(parties.supervisor),
      clock.now(),
    );
    this.#inquiries = new Inquiries(store, this.#shelf, this.#models, parties);
    this.#pads = new PadStock(config.limits.padsReady, clock);
    this.#evaluations = new RateLimit(config.limits.evaluationsPerMinute, clock);
    this.#epochs.retire();
    parties.onChange(() => {
      this.#shelf.adopt();
      this.#epochs.adopt();
    });
    context.switchboard.serve(...this.#services());
    void this.#keepPads();
  }

  status(): Record<string, unknown> {
    return {
      deposits: this.#shelf.listing().map(({ header }) => {
        const { domain, platform, epoch, version, records, features } = header;
        return { domain, platform, epoch, version, records, features };
      }),
      models: this.#models.list().map(({ certificate }) => {
        const { modelName, version, bank, expiresAt } = certificate;
        return { name: modelName, version, bank, expiresAt };
      }),
      pads: this.#pads.distrusted
        ? "stopped: the other bureau was caught cheating"
        : this.#pads.levels,
      stored: Object.fromEntries(this.#shelf.stored.rows),
      scored: this.#scored,
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
    yield { name: "models", help: "Models held", value: this.#models.list().length };
    for (const [direction, value] of Object.entries(this.#pads.levels))
      yield {
        name: "random_ots",
        help: "Random OTs: ready, and made",
        labels: { direction },
        value,
      };
    yield { name: "scored", help: "People scored since the start", value: this.#scored };
  }

  ailments(): readonly string[] {
    const ailments = this.#epochs.lost.map(
      (epoch) => `the key of ${epoch} is not in its folder: restore it, or rotate to a new epoch`,
    );
    if (this.#pads.distrusted)
      ailments.push(`${this.#peer} was caught cheating: no lookups with it until a restart`);
    const { rows, limit } = this.#shelf.stored;
    for (const [platform, count] of rows)
      if (count > NEARLY * limit)
        ailments.push(`${platform} has ${count} of ${limit} records (limits.recordsPerPlatform)`);
    return ailments;
  }

  routes(_server: FastifyInstance): void {
    // A bureau takes no orders from the command line but the ones that every node takes.
  }

  async close(): Promise<void> {
    this.#pads.close();
    // At once: a removal that is under way ends when the shelf does.
    await Promise.all([this.#epochs.close(), this.#shelf.close()]);
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
            install: (name, share) => this.#models.install(name, share, clock.now()),
          }),
      ),
      service(
        score.score,
        own,
        (named) => {
          bureaus(named);
          must(named.bank, "bank");
        },
        (session) => this.#score(session),
      ),
      service(
        randomOt.randomOt,
        "sender",
        ({ receiver }) => {
          if (receiver !== this.#peer) throw new Refusal("refused", "not the other bureau");
        },
        (session) => this.#sendPads(session),
      ),
    ];
  }

  #evaluator(client: string): pseudonym.BureauInput {
    const { parties } = this.#context;
    let evaluations = 0;
    return {
      breathe: nextTurn,
      keyShare: ({ domain, epoch }, identifiers) => {
        evaluations += identifiers;
        if (evaluations > MAX_EVALUATIONS_AT_ONCE)
          throw new Refusal("refused", `over ${MAX_EVALUATIONS_AT_ONCE} evaluations in one run`);
        const { keys, pair } = this.#epochs.serving(domain, epoch);
        // Not by "is a platform": one that has just left the roster is none, and no bank either.
        if (!parties.has(client, "bank") && keys.platform !== client)
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

  async #score(session: Parameters<typeof score.bureau>[0]): Promise<void> {
    const { parties, log, signing, clock } = this.#context;
    const peerKey = parties.verifying(this.#peer);
    const scoring = score.bureau(session, {
      network: parties.network,
      resolve: (bank, inquiry) => this.#inquiries.resolve(bank, inquiry, clock.now()),
      isKnown: (id) => this.#inquiries.isKnown(id),
      intend: (id, header) => this.#inquiries.intend(id, header),
      keep: (id, sealed) => {
        this.#inquiries.keep(id, sealed).catch((error: unknown) => logFailure(log, error));
      },
      sign: (context, ...parts) => sign(signing, context, ...parts),
      verifyBank: (bank, signature, context, ...parts) =>
        verify(parties.verifying(bank), signature, context, ...parts),
      verify: (signature, context, ...parts) => verify(peerKey, signature, context, ...parts),
      pads: this.#pads,
    });
    try {
      this.#scored += await scoring;
    } catch (error) {
      if (isStale(error, this.#peer)) this.#pads.interrupt();
      throw error;
    }
  }

  async #sendPads(session: Parameters<typeof randomOt.sender>[0]): Promise<void> {
    const input = this.#pads.asSender(session.id);
    try {
      await randomOt.sender(session, input, this.#context.otSetup);
    } catch (error) {
      this.#pads.judge(error);
      throw error;
    } finally {
      input.end();
    }
  }

  #keepPads(): Promise<void> {
    const { switchboard, links, config, log, otSetup } = this.#context;
    const roles = { receiver: config.name, sender: this.#peer };
    return this.#pads.keepFilled(
      async (input) => {
        const link = await links.linkTo(this.#peer);
        const run = switchboard.run(randomOt.randomOt, "receiver", roles, (session) =>
          randomOt.receiver(session, input(session), otSetup),
        );
        // A receiver that needs no refill waits for demand, not for its peer: it must be told.
        let current = true;
        void link.ended.then(() => {
          if (current) this.#pads.interrupt();
        });
        try {
          await run;
        } finally {
          current = false;
        }
      },
      (error) => {
        if (!isLoss(error)) logFailure(log, error);
      },
    );
  }
}

const EMPTY = new Uint8Array();
/** Of what a platform may have here: above it, whoever is on duty should know. */
const NEARLY = 0.95;
/** Identifiers times domains in one run: some 150 ms of this bureau's time. */
const MAX_EVALUATIONS_AT_ONCE = 1024;
