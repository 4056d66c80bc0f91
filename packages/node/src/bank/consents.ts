/**
 * Consents that people gave this bank: registered with both bureaus before the first inquiry that needs
 * them, with the proof that consent and pseudonyms are of one person.
 */
import { DocumentError } from "@moiety/model";
import { type Consent, consentName, parseConsent } from "@moiety/policy";
import { consent, scoreHeader } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { NodeContext } from "../context.ts";
import { milestone } from "../milestone.ts";
import { nextTurn, turnFor } from "../next-turn.ts";
import type { DomainKeys } from "../parties.ts";
import type { Table } from "../store.ts";

/** A person of an inquiry, with the consent that is to be used. */
export interface Consented {
  readonly identifier: Uint8Array;
  /** Compact JWS. */
  readonly token: string;
}

/** What was registered in a run: `columns` has the pseudonyms of those people, by domain. */
export interface RegisteredRun {
  /** Positions among the people asked about. */
  readonly people: readonly number[];
  /** `[domain][person]`, domains as asked. */
  readonly columns: readonly (readonly Uint8Array[])[];
}

const { CONSENT_BYTES } = scoreHeader;
/** Consents in one run: each of its proofs is verified in a single turn of a bureau's event loop. */
const CONSENTS_AT_ONCE = 16;
/** Signatures verified in one turn of the event loop: some milliseconds. */
const VERIFIED_AT_ONCE = 16;

export class BankConsents {
  readonly #context: NodeContext;
  /** Consent's name → what both bureaus have registered of it: `domain/epoch domain/epoch …`, the consent domain's first. */
  readonly #table: Table;

  constructor(context: NodeContext) {
    this.#context = context;
    this.#table = context.store.table("registered-consents");
  }

  /** Names of the consents, 32 bytes each, as an inquiry has them. Throws `SetupError` for one that is unfit. */
  async names(tokens: readonly string[]): Promise<Uint8Array> {
    const names = new Uint8Array(tokens.length * CONSENT_BYTES);
    for (const [i, token] of tokens.entries()) {
      if (i % VERIFIED_AT_ONCE === VERIFIED_AT_ONCE - 1) await nextTurn();
      names.set(consentName(this.#parse(token, i)), i * CONSENT_BYTES);
    }
    return names;
  }

  /**
   * Registers those that the bureaus do not have yet, or not for all of these domains. Throws
   * `SetupError` with what a bureau has against one, `ProtocolError` where a run fails.
   */
  async register(
    people: readonly Consented[],
    names: Uint8Array,
    keys: readonly DomainKeys[],
  ): Promise<RegisteredRun[]> {
    const { consentDomain } = this.#context.parties;
    if (consentDomain === undefined)
      throw new SetupError("this network has no consent domain: leave the consents out");
    const all = [consentDomain, ...keys];
    const missing = [...people.keys()].filter((i) => !this.#isKnown(nameAt(names, i), all));
    const runs: RegisteredRun[] = [];
    for (let start = 0; start < missing.length; start += CONSENTS_AT_ONCE) {
      const own = missing.slice(start, start + CONSENTS_AT_ONCE);
      runs.push(await this.#run(own, people, names, all));
    }
    return runs;
  }

  /** Registers these anew when they are needed next: a bureau does not have one of them. */
  async forget(names: Uint8Array): Promise<void> {
    await this.#context.store.transaction(() => {
      for (let i = 0; i * CONSENT_BYTES < names.length; i += 1)
        void this.#table.remove(nameAt(names, i));
    });
  }

  async #run(
    own: readonly number[],
    people: readonly Consented[],
    names: Uint8Array,
    keys: readonly DomainKeys[],
  ): Promise<RegisteredRun> {
    const { switchboard, parties, config, store } = this.#context;
    const roles = { bank: config.name, ...parties.bureaus };
    const asked = own.map((i) => people[i] as Consented);
    const { pseudonyms, problems } = await switchboard.run(
      consent.consent,
      "bank",
      roles,
      (session) =>
        consent.bank(session, {
          identifiers: asked.map(({ identifier }) => identifier),
          tokens: asked.map(({ token }) => new Uint8Array(Buffer.from(token, "latin1"))),
          keys,
          breathe: async () => turnFor(people.length),
        }),
    );
    milestone("consents.registered");
    for (const side of ["a", "b"] as const) {
      const at = problems[side].findIndex((problem) => problem !== "");
      if (at < 0) continue;
      const who = `the consent of person ${(own[at] as number) + 1}`;
      throw new SetupError(`${parties.bureaus[side]} refuses ${who}: ${problems[side][at]}`);
    }
    await store.transaction(() => {
      for (const i of own) this.#know(nameAt(names, i), keys);
    });
    return { people: own, columns: pseudonyms.slice(1) };
  }

  #parse(token: string, i: number): Consent {
    const { network } = this.#context.parties;
    const { name } = this.#context.config;
    try {
      const parsed = parseConsent(token, `consent of person ${i + 1}`);
      if (parsed.bank !== name)
        throw new SetupError(`consent of person ${i + 1}: for ${parsed.bank}, not for ${name}`);
      if (parsed.network !== network)
        throw new SetupError(`consent of person ${i + 1}: for the network ${parsed.network}`);
      return parsed;
    } catch (error) {
      if (error instanceof DocumentError) throw new SetupError(error.message);
      throw error;
    }
  }

  #isKnown(name: Buffer, keys: readonly DomainKeys[]): boolean {
    const known = this.#table.get(name)?.toString().split(" ");
    return known !== undefined && keys.every((each) => known.includes(placeOf(each)));
  }

  #know(name: Buffer, keys: readonly DomainKeys[]): void {
    const known = this.#table.get(name)?.toString().split(" ") ?? [];
    const places = new Set([...known, ...keys.map(placeOf)]);
    void this.#table.put(name, Buffer.from([...places].join(" ")));
  }
}

function nameAt(names: Uint8Array, i: number): Buffer {
  return Buffer.from(names.subarray(i * CONSENT_BYTES, (i + 1) * CONSENT_BYTES));
}

function placeOf({ domain, epoch }: DomainKeys): string {
  return `${domain}/${epoch}`;
}
