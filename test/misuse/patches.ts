/** What is changed in nodes that do not do what they should; see test/durability/patch.mjs. */

export interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A bureau that asks for no consent: it registers whatever comes, and every inquiry may go on. */
export const CARELESS_BUREAU: readonly Patch[] = [
  {
    file: "consents/entitlements.ts",
    from: "    const { inquiry } = asked;\n    if (inquiry.consents.length === 0)\n",
    to: "    const { inquiry } = asked;\n    if (inquiry !== undefined) return new Reservation(this.#parts.journal);\n    if (inquiry.consents.length === 0)\n",
  },
  {
    file: "consents/consent-desk.ts",
    from: "    const problems: string[] = [];\n",
    to: '    const problems: string[] = [];\n    if (people.length > 0) return people.map(() => "");\n',
  },
];

/** What a test makes the rogue bank do; without any of it, it is as honest as the other one. */
export interface Orders {
  /** Believes every token, and asks on whatever a bureau has against a consent. */
  readonly insists?: boolean;
  /** Canonical identifier, hex: asks with this person's pseudonyms, whoever gave the consent. */
  readonly about?: string;
  /** Leaves the consents out of the inquiry. */
  readonly silent?: boolean;
  /** Names a model that nobody certified. */
  readonly model?: boolean;
  /** Sends this side the other side's share of a model. */
  readonly swaps?: "a" | "b";
}

export const ROGUE_BANK: readonly Patch[] = [
  {
    file: "bank/consents.ts",
    from: "  #parse(token: string, i: number): Consent {\n",
    to: '  #parse(token, i) {\n    if (globalThis.orders().insists) return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));\n',
  },
  {
    file: "bank/consents.ts",
    from: "      if (at < 0) continue;\n",
    to: "      if (at < 0 || globalThis.orders().insists) continue;\n",
  },
  {
    file: "bank/scoring.ts",
    from: "        const columns = this.#columns(identifiers, deposits, found);\n",
    to: '        const { about } = globalThis.orders();\n        const columns = about ? this.#columns([Buffer.from(about, "hex")], deposits, new Map()) : this.#columns(identifiers, deposits, found);\n',
  },
  {
    file: "bank/scoring.ts",
    from: "      consents: names,\n",
    to: "      consents: globalThis.orders().silent ? new Uint8Array() : names,\n",
  },
  {
    file: "bank/scoring.ts",
    from: "      model: certificateDigest(certificateBytes),\n",
    to: "      model: globalThis.orders().model ? new Uint8Array(32) : certificateDigest(certificateBytes),\n",
  },
  {
    file: "bank/modelling.ts",
    from: "      const share = { certificate: own.certificate, ...own.shares[side] };\n",
    to: '      const swapped = globalThis.orders().swaps === side;\n      const share = { certificate: own.certificate, ...own.shares[swapped ? (side === "a" ? "b" : "a") : side] };\n',
  },
];
