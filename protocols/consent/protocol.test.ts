import { seededRng } from "@moiety/crypto";
import { Refusal, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { consentsOf, pseudonymOf, registrar } from "../test-consents.ts";
import { type Bureau, type DomainKeys, domainKeys } from "../test-keys.ts";
import { type BankInput, bank, bureau, consent, type Person } from "./protocol.ts";

const rng = seededRng("consent conforms");

interface Inputs {
  readonly bank: BankInput;
  readonly a: readonly DomainKeys[];
  readonly b: readonly DomainKeys[];
}

function inputs(consents: number, domains: number): Inputs {
  const keys = Array.from({ length: domains }, (_, i) => domainKeys(rng, `domain-${i}`, i + 1));
  const people = Array.from({ length: consents }, (_, i) => Buffer.from(`+4915100000${i}`));
  return { bank: consentsOf(people, keys), a: keys, b: keys };
}

/** The people whom a bureau registered; it ends badly if it had to refuse one. */
async function registering(
  side: Bureau,
  session: SessionOf<typeof consent, Bureau>,
  keys: readonly DomainKeys[],
): Promise<Person[]> {
  const people: Person[] = [];
  const accepted = await bureau(session, registrar(side, keys, people));
  if (accepted < people.length) throw new Refusal("refused", "not a person's own consent");
  return people;
}

conformance(consent, {
  inputs: [inputs(2, 3), inputs(1, 2), inputs(17, 2), inputs(1, 16), inputs(64, 2)],
  roles: {
    async bank(session, input: BankInput) {
      const registered = await bank(session, input);
      const { a, b } = registered.problems;
      if ([...a, ...b].some((problem) => problem !== ""))
        throw new Refusal("refused", "a consent was not registered");
      return registered;
    },
    a: (session, keys: readonly DomainKeys[]) => registering("a", session, keys),
    b: (session, keys: readonly DomainKeys[]) => registering("b", session, keys),
  },
  ideal({ bank: { identifiers, tokens }, a: keys }: Inputs) {
    const pseudonyms = keys.map((each) => identifiers.map((one) => pseudonymOf(each, one)));
    const people = tokens.map((token, i) => ({
      token,
      pseudonyms: pseudonyms.map((row) => row[i]),
    }));
    const none = tokens.map(() => "");
    return { bank: { pseudonyms, problems: { a: none, b: none } }, a: people, b: people };
  },
  parameters: ({ bank: { tokens, keys } }) => ({
    domains: keys,
    tokenBytes: tokens.map(({ length }) => length),
  }),
  maxTamperings: 400,
});
