/** What everybody tries on the bad day, and who says no. */

import { Wallet } from "@moiety/cli";
import { osRng, SigningKey } from "@moiety/crypto";
import { byHand, callNode, type ScoreAnswer, streamNode } from "@moiety/node";
import { type ConsentTerms, parseCertificate, signCertificate } from "@moiety/policy";
import { deploy } from "@moiety/protocols";
import {
  BANK,
  type BadNetwork,
  CLUB,
  digitTable,
  OTHER_PURPOSE,
  PLATFORM,
  PURPOSE,
  scorecard,
} from "./set-up.ts";

/** Something that must not work. */
export interface Misdeed {
  /** For scripts. */
  readonly name: string;
  /** For people: what is tried. */
  readonly title: string;
  /** Tries it: gives the refusal in words. Throws, or gives undefined, if it was not refused. */
  attempt(): Promise<string | undefined>;
}

const MODEL = "loans";
const PHONES = ["+8613800138001", "+8613800138002", "+8613800138003", "+8613800138004"];
const ONCE: ConsentTerms = {
  bank: BANK,
  purpose: PURPOSE,
  scope: { domains: [PLATFORM] },
  outputs: ["score"],
  use: "once",
  validFor: "30d",
  dataLife: "90d",
};
const OFTEN: ConsentTerms = { ...ONCE, use: { times: 10, per: "30d" } };

export class BadDay {
  readonly #network: BadNetwork;
  readonly #people: readonly Wallet[];

  constructor(network: BadNetwork) {
    this.#network = network;
    this.#people = PHONES.map((phone) => new Wallet(phone, network.roster));
  }

  /** What has to be right first: a deposit, a certified model, and people whom a registrar knows. */
  async prepare(csv: string): Promise<void> {
    await this.#lines(PLATFORM, "/deposit", { csv });
    const body = { text: scorecard(MODEL), file: "loans.json" };
    await callNode(this.#socket(BANK), "/model/certify", { body });
    await callNode(this.#socket(BANK), "/model/deploy", { body: { model: MODEL } });
    for (const person of this.#people) await person.beVouchedFor(PLATFORM, this.#socket(PLATFORM));
  }

  /** Users of the platform, for its deposit. */
  static csv(): string {
    const cells = [",12,45.50,0,0,8.2,0.12,postpaid", ",60,88.00,2,1,3.1,0.30,prepaid"];
    const rows = PHONES.map((phone, i) => `${phone}${cells[i % cells.length]}`);
    const head =
      "msisdn,tenure_months,monthly_bill_cny,late_payments_12m,suspensions_24m,data_gb_month," +
      "night_call_share,plan";
    return [head, ...rows, ""].join("\n");
  }

  misdeeds(): Misdeed[] {
    const [alice, bob, carol, dave] = this.#people as [Wallet, Wallet, Wallet, Wallet];
    return [
      {
        name: "consent-replayed",
        title: "the bank uses Alice's consent, which is for one inquiry, twice",
        attempt: async () => {
          const consent = await alice.consent(ONCE);
          await this.#score(alice, consent);
          return this.#refused(() => this.#score(alice, consent));
        },
      },
      {
        name: "wrong-purpose",
        title: "the bank uses a consent to review a loan for deciding about a new one",
        attempt: async () => {
          const consent = await alice.consent({ ...ONCE, purpose: OTHER_PURPOSE });
          return this.#refused(() => this.#score(alice, consent));
        },
      },
      {
        name: "another-person",
        title: "the bank asks about Bob, who did not consent, with a consent of Alice's",
        attempt: async () => {
          const consent = await alice.consent(ONCE);
          return this.#refused(() => this.#score(bob, consent));
        },
      },
      {
        name: "made-by-the-bank",
        title: "the bank makes a key of its own and consents in Bob's name",
        attempt: async () => {
          const impostor = new Wallet(bob.identifier, this.#network.roster);
          const consent = await impostor.consent(ONCE, bob.attestation);
          return this.#refused(() => this.#score(bob, consent));
        },
      },
      {
        name: "revoked",
        title: "Carol takes her consent back between two inquiries",
        attempt: async () => {
          const consent = await carol.consent(OFTEN);
          await this.#score(carol, consent);
          await carol.revokeAll(this.#socket(PLATFORM));
          return this.#refused(() => this.#score(carol, consent));
        },
      },
      {
        name: "quota",
        title:
          "the bank asks about Dave, who consented to ten inquiries, until its bits are used up",
        attempt: async () => {
          const consent = await dave.consent(OFTEN);
          for (let asked = 0; asked < 10; asked += 1) {
            const refused = await this.#refused(() => this.#score(dave, consent));
            if (refused !== undefined) return `after ${asked} answers: ${refused}`;
          }
          return undefined;
        },
      },
      {
        name: "digit-table",
        title: "the bank has a model certified whose score says in which bin a person falls",
        attempt: () => {
          const body = { text: digitTable("digits"), file: "digits.json" };
          return this.#refused(() => callNode(this.#socket(BANK), "/model/certify", { body }));
        },
      },
      {
        name: "forbidden-category",
        title: "a platform deposits a feature of a category that the supervisor has forbidden",
        attempt: () => this.#refused(() => this.#lines(CLUB, "/deposit", { csv: this.#clubCsv })),
      },
    ];
  }

  /** With the bank's node stopped, and its keys in other hands. */
  byHand(): Misdeed[] {
    const file = this.#network.configs[BANK] as string;
    return [
      {
        name: "uncertified-model",
        title: "the bank hands a bureau a model that it has certified itself",
        attempt: () =>
          byHand(file, async (context, models) => {
            const own = models.certified(MODEL);
            if (own === undefined) throw new Error("no certified model");
            const { parties, clock } = context;
            const supervisor = parties.verifying(parties.supervisor);
            const certificate = parseCertificate(own.certificate, supervisor, clock.now());
            const forged = signCertificate(certificate, new SigningKey(osRng.bytes(32)));
            return this.#deploy(context, { ...own.shares.a, certificate: forged });
          }),
      },
      {
        name: "another-share",
        title: "the bank hands a bureau another half than the one that was certified",
        attempt: () =>
          byHand(file, async (context, models) => {
            const own = models.certified(MODEL);
            if (own === undefined) throw new Error("no certified model");
            const table = Uint8Array.from(own.shares.a.table);
            table[0] = (table[0] as number) ^ 1;
            return this.#deploy(context, {
              table,
              salt: own.shares.a.salt,
              certificate: own.certificate,
            });
          }),
      },
    ];
  }

  get #clubCsv(): string {
    return `${this.#network.folder}/../club.csv`;
  }

  async #deploy(
    { switchboard, parties, config }: Parameters<Parameters<typeof byHand>[1]>[0],
    share: deploy.ModelShare,
  ): Promise<string | undefined> {
    const roles = { bank: config.name, bureau: parties.bureaus.a };
    const objection = await switchboard.run(deploy.deploy, "bank", roles, (session) =>
      deploy.bank(session, share),
    );
    return objection === "" ? undefined : `${parties.bureaus.a} objects: ${objection}`;
  }

  async #score({ identifier }: Wallet, consent: string): Promise<number> {
    const body = {
      identifiers: [identifier],
      type: "phone",
      purpose: PURPOSE,
      consents: [consent],
    };
    const { score } = await callNode<ScoreAnswer>(this.#socket(BANK), "/score", { body });
    return score;
  }

  /** The words of the refusal; undefined if there was none. */
  async #refused(attempt: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await attempt();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : "failed";
    }
  }

  /** A command whose answer comes in lines. */
  async #lines(node: string, path: string, body: object): Promise<void> {
    for await (const _ of streamNode(this.#socket(node), path, { body })) {
      // Progress: nobody watches it here.
    }
  }

  #socket(name: string): string {
    return this.#network.nodes.target(name).socket;
  }
}
