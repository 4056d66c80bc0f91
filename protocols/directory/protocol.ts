import {
  binaryBytes,
  bytes,
  defineProtocol,
  FRAME_HEADER_BYTES,
  fixedBytes,
  list,
  Misbehaviour,
  message,
  nameText,
  object,
  type SessionOf,
  textBytes,
} from "@moiety/kit";

/** Domains about which one run may ask; who wants to know of more runs the protocol again. */
export const MAX_DOMAINS: number = 16;
/** Deposits that a bureau lists of one domain: so many that no platform takes the room of another. */
export const HEADERS_PER_DOMAIN: number = 16;
const MAX_CATALOGUES = 8;

const listed = object({ header: bytes(1024), signature: fixedBytes(64) });

export const directory = defineProtocol({
  name: "directory",
  version: 2,
  roles: ["client", "bureau"],
  messages: {
    ask: message(
      "client",
      "bureau",
      object({
        domains: list(nameText, MAX_DOMAINS),
        catalogues: list(nameText, MAX_CATALOGUES),
      }),
    ),
    listing: message(
      "bureau",
      "client",
      object({
        deposits: list(listed, MAX_DOMAINS * HEADERS_PER_DOMAIN),
        /** In the order asked; empty where the bureau has none. */
        catalogues: list(bytes(1 << 16), MAX_CATALOGUES),
      }),
    ),
  },
  limits: { receiveMs: 15_000, totalMs: 30_000, receivedBytes: 1 << 20 },
  cost({ domains, asked, headers, catalogues }: DirectoryCost) {
    const names = (list: readonly string[]): number =>
      list.reduce((sum, name) => sum + textBytes(name.length), list.length < 16 ? 1 : 3);
    const ask = 1 + 8 + names(domains) + 11 + names(asked);
    const each = (length: number): number => 1 + 7 + binaryBytes(length) + 10 + binaryBytes(64);
    const heads = headers.reduce((sum, length) => sum + each(length), headers.length < 16 ? 1 : 3);
    const bodies = catalogues.reduce((sum, length) => sum + binaryBytes(length), 1);
    return {
      messages: {
        ask: { count: 1, bytes: FRAME_HEADER_BYTES + ask },
        listing: { count: 1, bytes: FRAME_HEADER_BYTES + 1 + 9 + heads + 11 + bodies },
      },
      rounds: 2,
    };
  },
});

export interface DirectoryCost {
  readonly domains: readonly string[];
  /** Domains whose catalogue is asked for. */
  readonly asked: readonly string[];
  /** Bytes of each header listed. */
  readonly headers: readonly number[];
  /** Bytes of each catalogue sent. */
  readonly catalogues: readonly number[];
}

export interface Listing {
  readonly deposits: readonly { readonly header: Uint8Array; readonly signature: Uint8Array }[];
  readonly catalogues: readonly Uint8Array[];
}

/** What a client wants to know. */
export interface Question {
  /** Domains whose deposits are to be listed, at most `MAX_DOMAINS`. */
  readonly domains: readonly string[];
  /** Domains whose catalogue is wanted. */
  readonly catalogues: readonly string[];
}

/** The client; what it gets is unverified: signatures and digests are checked by the caller. */
export async function client(
  session: SessionOf<typeof directory, "client">,
  { domains, catalogues }: Question,
): Promise<Listing> {
  session.send("bureau", "ask", { domains, catalogues });
  const listing = await session.receive("bureau", "listing");
  if (listing.catalogues.length !== catalogues.length)
    throw new Misbehaviour(session.party("bureau"), "malformed", "catalogues");
  return listing;
}

/** The bureau: `list` reads its store; of each domain at most `HEADERS_PER_DOMAIN` deposits. */
export async function bureau(
  session: SessionOf<typeof directory, "bureau">,
  { list }: { list(asked: Question): Listing },
): Promise<void> {
  session.send("client", "listing", list(await session.receive("client", "ask")));
}
