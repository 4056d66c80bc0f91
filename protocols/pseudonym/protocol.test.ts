import { type Element, hashToElement, multiply, scalarAdd, seededRng } from "@moiety/crypto";
import { conformance } from "@moiety/lab";
import { type DomainKeys, domainKeys, keyHolder } from "../test-keys.ts";
import { bureau, type ClientInput, client, pseudonym } from "./protocol.ts";

const rng = seededRng("pseudonym conforms");

interface Inputs {
  readonly client: ClientInput;
  readonly a: readonly DomainKeys[];
  readonly b: readonly DomainKeys[];
}

function inputs(identifiers: number, domains: number): Inputs {
  const keys = Array.from({ length: domains }, (_, i) => domainKeys(rng, `domain-${i}`, i + 1));
  const texts = Array.from({ length: identifiers }, (_, i) => Buffer.from(`+49151000000${i}`));
  return {
    client: { identifiers: texts, keys: keys.map(({ published }) => published) },
    a: keys,
    b: keys,
  };
}

/** One party that holds the whole key. */
function pseudonyms({ client: { identifiers }, a: keys }: Inputs): Element[][] {
  return keys.map(({ a, b }) => {
    const key = scalarAdd(a.secretKey, b.secretKey);
    return identifiers.map((identifier) => multiply(key, hashToElement("voprf", identifier)));
  });
}

conformance(pseudonym, {
  inputs: [inputs(2, 2), inputs(1, 1), inputs(9, 1), inputs(1, 16)],
  roles: {
    client,
    a: (session, keys: readonly DomainKeys[]) => bureau(session, keyHolder("a", keys)),
    b: (session, keys: readonly DomainKeys[]) => bureau(session, keyHolder("b", keys)),
  },
  ideal: (given: Inputs) => ({ client: pseudonyms(given), a: undefined, b: undefined }),
  parameters: ({ client: { identifiers, keys } }) => ({
    identifiers: identifiers.length,
    domains: keys,
  }),
  maxTamperings: 300,
});
