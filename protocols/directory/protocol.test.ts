import { constantTimeEqual, seededRng } from "@moiety/crypto";
import { Misbehaviour, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { describe, expect, test } from "vitest";
import { parseHeader, type SignedHeader, verifyHeader } from "../deposit/header.ts";
import { CATALOGUE, content, digestOf, platformKey, prepare } from "../test-deposits.ts";
import { failureOf, play } from "../test-world.ts";
import {
  bureau,
  client,
  directory,
  HEADERS_PER_DOMAIN,
  type Listing,
  MAX_DOMAINS,
  type Question,
} from "./protocol.ts";

const rng = seededRng("directory conforms");

function headerOf(version: number, domain: string = "telecom"): SignedHeader {
  const { bytes, signature } = prepare(content(rng, 1, 1), rng, { version, domain });
  return { bytes, signature };
}

interface Inputs {
  readonly client: Question;
  /** What the bureau holds; the catalogue is that of every domain in a header. */
  readonly bureau: readonly SignedHeader[];
}

function listingOf({ client: asked, bureau: held }: Inputs): Listing {
  const domains = held.map(({ bytes }) => parseHeader(bytes).domain);
  const named = held.filter((_, at) => asked.domains.includes(domains[at] as string));
  return {
    deposits: named.map(({ bytes, signature }) => ({ header: bytes, signature })),
    catalogues: asked.catalogues.map((domain) =>
      domains.includes(domain) ? Uint8Array.from(CATALOGUE) : new Uint8Array(),
    ),
  };
}

/** The client with what its README leaves to the caller: signatures and digests. */
async function verifying(
  session: SessionOf<typeof directory, "client">,
  question: Question,
): Promise<Listing> {
  const { deposits, catalogues } = await client(session, question);
  const asked = question.catalogues;
  const signed = (each: Listing["deposits"][number]): boolean =>
    verifyHeader({ bytes: each.header, signature: each.signature }, platformKey.verifyingKey);
  if (!deposits.every(signed))
    throw new Misbehaviour(session.party("bureau"), "cheat", "a header with a wrong signature");
  const headers = deposits.map(({ header }) => parseHeader(header));
  for (const [index, catalogue] of catalogues.entries()) {
    const named = headers.find(({ domain }) => domain === asked[index])?.catalogue;
    if (catalogue.length > 0 && !(named && constantTimeEqual(named, digestOf(catalogue))))
      throw new Misbehaviour(session.party("bureau"), "cheat", "a catalogue no header names");
  }
  return {
    deposits: deposits.map(({ header, signature }) => ({
      header: Uint8Array.from(header),
      signature: Uint8Array.from(signature),
    })),
    catalogues: catalogues.map((catalogue) => Uint8Array.from(catalogue)),
  };
}

conformance(directory, {
  inputs: [
    {
      client: { domains: ["telecom", "shop"], catalogues: ["telecom", "nobody"] },
      bureau: [headerOf(2), headerOf(1)],
    },
    { client: { domains: [], catalogues: [] }, bureau: [] },
    {
      client: { domains: ["telecom", "shop"], catalogues: ["shop"] },
      bureau: Array.from({ length: 16 }, (_, i) => headerOf(16 - i, i % 2 ? "shop" : "telecom")),
    },
  ],
  roles: {
    client: verifying,
    bureau: (session, held: readonly SignedHeader[]) =>
      bureau(session, { list: (asked) => listingOf({ client: asked, bureau: held }) }),
  },
  ideal: (inputs: Inputs) => ({ client: listingOf(inputs), bureau: undefined }),
  parameters: (inputs) => ({
    domains: inputs.client.domains,
    asked: inputs.client.catalogues,
    headers: listingOf(inputs).deposits.map(({ header }) => header.length),
    catalogues: listingOf(inputs).catalogues.map(({ length }) => length),
  }),
  undetected: [
    {
      message: "ask",
      field: "catalogues[]",
      why: "an answer about another domain is as if this one had no catalogue",
    },
    {
      message: "listing",
      field: "deposits",
      why: "deposits can be withheld; a client uses what both bureaus list",
    },
    {
      message: "listing",
      field: "catalogues[]",
      why: "a catalogue can be withheld; without it the domain is not used",
    },
  ],
});

describe("a client of the directory", () => {
  test("names a bureau that answers another number of catalogues than was asked for", async () => {
    const ended = await play(directory, {
      client: (session) => client(session, { domains: [], catalogues: ["telecom"] }),
      bureau: (session) => bureau(session, { list: () => ({ deposits: [], catalogues: [] }) }),
    });
    expect(failureOf(ended.client)).toMatchObject({ party: "bureau", code: "malformed" });
  });

  test("gets an answer where every domain has as many deposits as may be listed", async () => {
    const domains = Array.from({ length: MAX_DOMAINS }, (_, at) => `domain-${at}`);
    const one = headerOf(1, "d".repeat(60));
    const deposits = domains.flatMap(() =>
      Array.from({ length: HEADERS_PER_DOMAIN }, () => ({
        header: one.bytes,
        signature: one.signature,
      })),
    );
    const catalogues = domains.slice(0, 8).map(() => new Uint8Array(1 << 16));
    const ended = await play(directory, {
      client: (session) => client(session, { domains, catalogues: domains.slice(0, 8) }),
      bureau: (session) => bureau(session, { list: () => ({ deposits, catalogues }) }),
    });
    expect(ended.client.output?.deposits).toHaveLength(deposits.length);
  });
});
