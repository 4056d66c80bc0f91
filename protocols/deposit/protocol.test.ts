import { type Element, type Rng, seededRng } from "@moiety/crypto";
import { conformance } from "@moiety/lab";
import {
  boxes,
  bureauInput,
  CATALOGUE,
  content,
  platformInput,
  prepare,
  receiptOf,
} from "../test-deposits.ts";
import { MemoryShelf } from "../test-shelf.ts";
import { openChunk, type Side } from "./chunk.ts";
import { baseDigest, CHUNK_RECORDS } from "./header.ts";
import { bureau, deposit, platform } from "./protocol.ts";
import type { PreparedDeposit } from "./sealing.ts";

interface Inputs {
  readonly platform: { readonly prepared: PreparedDeposit; readonly side: Side };
  readonly bureau: {
    readonly prepared: PreparedDeposit;
    readonly side: Side;
    /** Chunks that the bureau holds from an attempt before. */
    readonly held: readonly number[];
    /** The whole version that a delta changes. */
    readonly base?: PreparedDeposit;
  };
}

const rng: Rng = seededRng("deposit conforms");

function inputs(records: number, features: number, side: Side, held: readonly number[]): Inputs {
  const prepared = prepare(content(rng, records, features), rng);
  return { platform: { prepared, side }, bureau: { prepared, side, held } };
}

/** A delta that changes one person, adds one and removes `removed` of `records`. */
function deltaInputs(records: number, removed: number, side: Side): Inputs {
  const given = content(rng, records, 3);
  const base = prepare(given, rng);
  const changed = content(rng, 2, 3);
  const prepared = prepare(
    {
      ...changed,
      pseudonyms: [given.pseudonyms[0] as Element, changed.pseudonyms[1] as Element],
      removed: given.pseudonyms.slice(1, removed + 1),
    },
    rng,
    { version: 2, base: { version: 1, header: baseDigest(base.bytes) } },
  );
  return { platform: { prepared, side }, bureau: { prepared, side, held: [], base } };
}

async function shelfWith({ prepared, side, held, base }: Inputs["bureau"]): Promise<MemoryShelf> {
  const shelf = new MemoryShelf(side);
  if (base !== undefined) await fill(shelf, base, side);
  if (held.length === 0) return shelf;
  const offer = { ...prepared, catalogue: CATALOGUE };
  await shelf.open(offer);
  for (const index of held) {
    const sealed = prepared.sealed[side][index] as Uint8Array;
    await shelf.put(offer, openChunk(sealed, index, side, prepared.header, boxes[side]));
  }
  return shelf;
}

async function fill(shelf: MemoryShelf, whole: PreparedDeposit, side: Side): Promise<void> {
  const offer = { ...whole, catalogue: CATALOGUE };
  await shelf.open(offer);
  for (const [index, sealed] of whole.sealed[side].entries())
    await shelf.put(offer, openChunk(sealed, index, side, whole.header, boxes[side]));
  await shelf.complete(offer);
}

conformance(deposit, {
  inputs: [
    inputs(3, 3, "b", []),
    inputs(3, 2, "a", [0]),
    inputs(4 * CHUNK_RECORDS, 1, "a", []),
    inputs(8 * CHUNK_RECORDS + 1, 1, "b", [2, 8]),
    inputs(8 * CHUNK_RECORDS + 1, 1, "b", []),
    deltaInputs(5, 2, "a"),
    deltaInputs(CHUNK_RECORDS + 1, CHUNK_RECORDS, "b"),
  ],
  roles: {
    platform: (session, { prepared, side }: Inputs["platform"]) =>
      platform(session, platformInput(prepared, side)),
    async bureau(session, input: Inputs["bureau"]) {
      const shelf = await shelfWith(input);
      const header = await bureau(session, bureauInput(input.side, shelf));
      return { header, records: shelf.records(header.version)?.length };
    },
  },
  ideal: ({ bureau: { prepared, side } }: Inputs) => {
    const { header, sealed } = prepared;
    const overhead = 32 + 80;
    const records = sealed[side].reduce((sum, chunk) => sum + chunk.length - overhead, 0);
    return { platform: receiptOf(side, prepared.bytes), bureau: { header, records } };
  },
  parameters: ({ bureau: { prepared, side, held } }) => ({
    headerBytes: prepared.bytes.length,
    catalogueBytes: CATALOGUE.length,
    chunks: prepared.sealed[side].length,
    sealed: prepared.sealed[side].filter((_, i) => !held.includes(i)).map(({ length }) => length),
  }),
});
