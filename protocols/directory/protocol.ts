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

const MAX_CATALOGUES = 8;
const MAX_HEADERS = 256;

const listed = object({ header: bytes(1024), signature: fixedBytes(64) });

export const directory = defineProtocol({
  name: "directory",
  version: 1,
  roles: ["client", "bureau"],
  messages: {
    ask: message("client", "bureau", object({ catalogues: list(nameText, MAX_CATALOGUES) })),
    listing: message(
      "bureau",
      "client",
      object({
        deposits: list(listed, MAX_HEADERS),
        /** In the order asked; empty where the bureau has none. */
        catalogues: list(bytes(1 << 16), MAX_CATALOGUES),
      }),
    ),
  },
  limits: { receiveMs: 15_000, totalMs: 30_000, receivedBytes: 1 << 20 },
  cost({ asked, headers, catalogues }: DirectoryCost) {
    const ask = 1 + 11 + 1 + asked.reduce((sum, name) => sum + textBytes(name.length), 0);
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

/** The client; what it gets is unverified: signatures and digests are checked by the caller. */
export async function client(
  session: SessionOf<typeof directory, "client">,
  { catalogues }: { readonly catalogues: readonly string[] },
): Promise<Listing> {
  session.send("bureau", "ask", { catalogues });
  const listing = await session.receive("bureau", "listing");
  if (listing.catalogues.length !== catalogues.length)
    throw new Misbehaviour(session.party("bureau"), "malformed", "catalogues");
  return listing;
}

/** The bureau: `list` reads its store. */
export async function bureau(
  session: SessionOf<typeof directory, "bureau">,
  { list }: { list(catalogues: readonly string[]): Listing },
): Promise<void> {
  const { catalogues } = await session.receive("client", "ask");
  session.send("client", "listing", list(catalogues));
}
