import { constantTimeEqual, seededRng } from "@moiety/crypto";
import { Misbehaviour, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { describe, expect, test } from "vitest";
import { parseHeader, type SignedHeader, verifyHeader } from "../deposit/header.ts";
import { CATALOGUE, content, digestOf, platformKey, prepare } from "../test-deposits.ts";
import { failureOf, play } from "../test-world.ts";
import { bureau, client, directory, type Listing } from "./protocol.ts";

const rng = seededRng("directory conforms");

function headerOf(version: number, domain: string = "telecom"): SignedHeader {
  const { bytes, signature } = prepare(content(rng, 1, 1), rng, { version, domain });
  return { bytes, signature };
}

interface Inputs {
  /** Domains whose catalogue is asked for. */
  readonly client: readonly string[];
  /** What the bureau holds; the catalogue is that of every domain in a header. */
  readonly bureau: readonly SignedHeader[];
}

function listingOf({ client: asked, bureau: held }: Inputs): Listing {
  const domains = held.map(({ bytes }) => parseHeader(bytes).domain);
  return {
    deposits: held.map(({ bytes, signature }) => ({ header: bytes, signature })),
    catalogues: asked.map((domain) =>
      domains.includes(domain) ? Uint8Array.from(CATALOGUE) : new Uint8Array(),
    ),
  };
}

/** The client with what its README leaves to the caller: signatures and digests. */
async function verifying(
  session: SessionOf<typeof directory, "client">,
  asked: readonly string[],
): Promise<Listing> {
  const { deposits, catalogues } = await client(session, { catalogues: asked });
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
    { client: ["telecom", "nobody"], bureau: [headerOf(2), headerOf(1)] },
    { client: [], bureau: [] },
    {
      client: ["shop"],
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
    asked: inputs.client,
    headers: inputs.bureau.map(({ bytes }) => bytes.length),
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
      client: (session) => client(session, { catalogues: ["telecom"] }),
      bureau: (session) => bureau(session, { list: () => ({ deposits: [], catalogues: [] }) }),
    });
    expect(failureOf(ended.client)).toMatchObject({ party: "bureau", code: "malformed" });
  });
});
