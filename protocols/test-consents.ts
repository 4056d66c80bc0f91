/** Banks that have consents, and bureaus that register them, as honest ones do. */
import {
  constantTimeEqual,
  type Element,
  framedHash,
  hashToElement,
  multiply,
  scalarAdd,
} from "@moiety/crypto";
import { Refusal } from "@moiety/kit";
import type { BankInput, BureauInput, Person } from "./consent/protocol.ts";
import { type Bureau, type DomainKeys, keyHolder } from "./test-keys.ts";

/** k·H1(identifier), by somebody who holds the whole key. */
export function pseudonymOf({ a, b }: DomainKeys, identifier: Uint8Array): Element {
  const key = scalarAdd(a.secretKey, b.secretKey);
  return multiply(key, hashToElement("voprf", identifier));
}

/** Stands for a signed consent: what it says cannot be changed, the person's N_c included. */
export function tokenFor(consentPseudonym: Element, length: number = 32): Uint8Array {
  const token = new Uint8Array(length);
  token.set(framedHash("test consent", consentPseudonym, Buffer.from(String(length))));
  return token;
}

/** What a bank registers for these people: token i has `32 + 50·i` bytes. */
export function consentsOf(
  identifiers: readonly Uint8Array[],
  keys: readonly DomainKeys[],
): BankInput {
  const tokens = identifiers.map((identifier, i) =>
    tokenFor(pseudonymOf(keys[0] as DomainKeys, identifier), 32 + 50 * i),
  );
  return { identifiers, tokens, keys: keys.map(({ published }) => published) };
}

/** Registers who has a consent of his own; `registered` keeps what was given, in copies. */
export function registrar(
  side: Bureau,
  keys: readonly DomainKeys[],
  registered: Person[] = [],
): BureauInput {
  return {
    ...keyHolder(side, keys),
    published(ask) {
      const found = keys.find(({ domain, epoch }) => domain === ask.domain && epoch === ask.epoch);
      if (found === undefined) throw new Refusal("refused", "not in the roster");
      return found.published;
    },
    consentDomain: keys[0]?.domain ?? "",
    async register(_bank, _domains, people) {
      const kept = people.map(({ token, pseudonyms }) => ({
        token: Uint8Array.from(token),
        pseudonyms: pseudonyms.map((each) => Uint8Array.from(each) as Element),
      }));
      registered.push(...kept);
      return kept.map(({ token, pseudonyms: [first] }) =>
        constantTimeEqual(token, tokenFor(first as Element, Math.max(32, token.length)))
          ? ""
          : "not this person's consent",
      );
    },
  };
}
