import { lookupEngine, MASKED_TABLE_BYTES, TABLE_ENTRIES } from "@moiety/crypto";
import {
  binaryBytes,
  bytes,
  defineProtocol,
  discard,
  FRAME_HEADER_BYTES,
  fixedBytes,
  list,
  Misbehaviour,
  message,
  newFrame,
  object,
  Refusal,
  type Session,
  uint32,
} from "@moiety/kit";
import { MAX_SEGMENTS, PadError, type ReceiverPads, SERIES_BYTES, type Segment } from "./pads.ts";

/** Most lookups in one run; the masked tables then still fit in one frame. */
export const MAX_LOOKUPS: number = 32_768;

const segment = object({ batch: uint32, offset: uint32, count: uint32 });

export const lookupMessages = {
  choose: message(
    ["a", "b"],
    ["a", "b"],
    object({
      series: fixedBytes(SERIES_BYTES),
      segments: list(segment, MAX_SEGMENTS, 1),
      d: bytes(MAX_LOOKUPS / 2, { min: 1 }),
    }),
  ),
  tables: message(
    ["a", "b"],
    ["a", "b"],
    object({ e: bytes(MAX_LOOKUPS * MASKED_TABLE_BYTES, { unit: MASKED_TABLE_BYTES }) }),
  ),
} as const;

export interface LookupCost {
  readonly lookups: number;
  /** Segments that each side's OTs came in. */
  readonly segments: number;
}

/** Sizes of the two messages of one side. */
export function lookupBytes({ lookups, segments }: LookupCost): { choose: number; tables: number } {
  const d = (lookups + 1) >> 1;
  const e = lookups * MASKED_TABLE_BYTES;
  const named = 1 + 6 + 7 + 6 + 3 * 6; // a map of batch, offset, count, four bytes each
  return {
    choose:
      FRAME_HEADER_BYTES +
      (1 +
        7 +
        binaryBytes(SERIES_BYTES) +
        9 +
        (segments < 16 ? 1 : 3) +
        segments * named +
        2 +
        binaryBytes(d)),
    tables: FRAME_HEADER_BYTES + (1 + 2 + binaryBytes(e)),
  };
}

export const lookup = defineProtocol({
  name: "lookup",
  version: 1,
  roles: ["a", "b"],
  messages: lookupMessages,
  transcripts: false, // by itself; score, of which it is a part, keeps one
  limits: { receiveMs: 15_000, totalMs: 60_000, receivedBytes: 2 << 20 },
  cost(parameters: LookupCost) {
    const { choose, tables } = lookupBytes(parameters);
    return {
      messages: {
        choose: { count: 2, bytes: 2 * choose },
        tables: { count: 2, bytes: 2 * tables },
      },
      rounds: 2,
    };
  },
});

/** Where a bureau's random OTs with its peer come from; each call uses OTs up. */
export interface Pads {
  /** `count` OTs as receiver; waits for a refill when there are too few. */
  take(count: number): Promise<ReceiverPads>;
  /** Takes back OTs that `take` gave and that nobody was told of. */
  giveBack(pads: ReceiverPads): void;
  /** Told at the end of an inquiry for which OTs were set aside that it has used them up. */
  usedUp?(count: number): void;
  /** The pads (count × 16) of OTs that the peer names; throws `PadError`. */
  burn(series: Uint8Array, segments: readonly Segment[], count: number): Uint16Array;
}

export interface LookupInput {
  /** This side's index shares, 0..15, L = n · m of them, group by group. */
  readonly indices: Uint8Array;
  /** This side's table shares, m × 16. */
  readonly tables: Uint16Array;
  readonly pads: Pads;
}

export type LookupSession = Session<typeof lookupMessages, "a" | "b">;

/**
 * One side, A's or B's alike. Returns this side's shares mod 2^16, one per group. Throws `RangeError`,
 * before any OT is used up, for an input that is no whole number of groups or too long, and for an
 * index above 15.
 */
export async function lookupBureau(
  session: LookupSession,
  { indices, tables, pads }: LookupInput,
): Promise<Uint16Array> {
  const lookups = indices.length;
  const m = tables.length / TABLE_ENTRIES;
  if (!Number.isInteger(lookups / m) || lookups < 1 || lookups > MAX_LOOKUPS)
    throw new RangeError(`lookup: ${lookups} indices for ${m} tables`);
  // One verdict over all of them, which does not say where.
  let bits = 0;
  for (let l = 0; l < lookups; l += 1) bits |= indices[l] as number;
  if (bits >= TABLE_ENTRIES)
    throw new RangeError(`lookup: an index share is not in 0..${TABLE_ENTRIES - 1}`);
  const mine = await pads.take(lookups);
  try {
    session.check(); // the wait may have been long
  } catch (error) {
    pads.giveBack(mine);
    throw error;
  }
  try {
    return await lookUp(session, { indices, tables, pads }, mine);
  } finally {
    mine.choices.fill(0);
    mine.pads.fill(0);
  }
}

async function lookUp(
  session: LookupSession,
  { indices, tables, pads }: LookupInput,
  mine: ReceiverPads,
): Promise<Uint16Array> {
  const lookups = indices.length;
  const m = tables.length / TABLE_ENTRIES;
  const peer = session.role === "a" ? "b" : "a";
  const shares = new Uint16Array(lookups / m);

  // 1: as receiver, say which OTs, and by how much their choices are off.
  session.send(peer, "choose", {
    series: mine.series,
    segments: mine.segments,
    d: lookupEngine.packChoices(indices, mine.choices),
  });

  // 2: as sender, mask the table under the pads that the peer named.
  const theirs = await session.receive(peer, "choose");
  if (theirs.d.length !== (lookups + 1) >> 1)
    throw new Misbehaviour(session.party(peer), "mismatch", "another number of lookups");
  // An odd number of lookups leaves a nibble over: one encoding for one message.
  if (lookups % 2 === 1 && (theirs.d.at(-1) as number) >> 4 !== 0)
    throw new Misbehaviour(session.party(peer), "malformed", "the spare half byte is not zero");
  const senderPads = burn(session, peer, () => pads.burn(theirs.series, theirs.segments, lookups));
  const masked = newFrame(lookups * MASKED_TABLE_BYTES); // the frame's own memory: not copied
  lookupEngine.maskTables(tables, indices, senderPads, theirs.d, shares, masked);
  senderPads.fill(0);
  session.send(peer, "tables", { e: masked });

  // 3: as receiver, unmask the one entry that the OT lets this side see.
  const { e } = await session.receive(peer, "tables");
  if (e.length !== lookups * MASKED_TABLE_BYTES)
    throw new Misbehaviour(session.party(peer), "mismatch", "another number of lookups");
  lookupEngine.unmaskChosen(e, indices, mine.pads, m, shares);
  discard(e);
  return shares;
}

function burn(session: LookupSession, peer: "a" | "b", use: () => Uint16Array): Uint16Array {
  try {
    return use();
  } catch (error) {
    if (!(error instanceof PadError)) throw error;
    if (error.kind === "stale") throw new Refusal("conflict", error.message);
    throw new Misbehaviour(session.party(peer), "cheat", error.message);
  }
}
