/** What consents allow, as the plain model has it, against what the bank was answered. */
import type { Given, Wallets } from "./wallets.ts";
import type { World } from "./world.ts";

/** One inquiry by a consent. */
interface Use {
  /** Takes note of a score; more of them than the consent allows are a violation. */
  answered(): void;
  /** The code of a refusal for which the consent gives reason; undefined for other failures. */
  isRightlyRefused(words: string): string | undefined;
}

export class Consents {
  readonly wallets: Wallets;
  readonly #world: World;

  constructor(world: World, wallets: Wallets) {
    this.#world = world;
    this.wallets = wallets;
  }

  /** The token of a new consent, which nothing else is asked by. */
  forOneUse(person: string): string {
    const given = this.wallets.give(person, "once");
    given.asked = 1;
    return given.token;
  }

  /** Consents whose revocation both bureaus have acknowledged. */
  get revoked(): Given[] {
    return this.wallets.given.filter(({ revokedAt }) => revokedAt !== undefined);
  }

  /** An inquiry begins that names this consent. */
  asks(given: Given): Use {
    const { asked, allows, name, revokedAt } = given;
    given.asked += 1;
    return {
      answered: () => {
        given.answered += 1;
        if (given.answered > allows)
          this.#world.violation(`${name} allows ${allows}, and was answered once more`);
        if (revokedAt !== undefined)
          this.#world.violation(`${name} was answered after its revocation was acknowledged`);
      },
      isRightlyRefused: (words) => {
        const [code] = /consent-(?:used-up|revoked)/.exec(words) ?? [];
        if (code === undefined) return undefined;
        // One of those asked before, or beside it, may have been counted without an answer.
        if (code === "consent-used-up" ? given.asked > allows : given.revoking) return code;
        this.#world.violation(`${name}: ${code}, after ${asked} inquiries`);
        return undefined;
      },
    };
  }
}
