import { type Rng, seededRng } from "@moiety/crypto";
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
import { openChunk, type PreparedDeposit, type Side } from "./chunk.ts";
import { CHUNK_RECORDS } from "./header.ts";
import { bureau, deposit, platform } from "./protocol.ts";

interface Inputs {
  readonly platform: { readonly prepared: PreparedDeposit; readonly side: Side };
  readonly bureau: {
    readonly prepared: PreparedDeposit;
    readonly side: Side;
    /** Chunks that the bureau holds from an attempt before. */
    readonly held: readonly number[];
  };
}

const rng: Rng = seededRng("deposit conforms");

function inputs(records: number, features: number, side: Side, held: readonly number[]): Inputs {
  const prepared = prepare(content(rng, records, features), rng);
  return { platform: { prepared, side }, bureau: { prepared, side, held } };
}

async function shelfWith({ prepared, side, held }: Inputs["bureau"]): Promise<MemoryShelf> {
  const shelf = new MemoryShelf(side);
  if (held.length === 0) return shelf;
  const offer = { ...prepared, catalogue: CATALOGUE };
  await shelf.open(offer);
  for (const index of held) {
    const sealed = prepared.sealed[side][index] as Uint8Array;
    await shelf.put(offer, openChunk(sealed, index, side, prepared, boxes[side]));
  }
  return shelf;
}

conformance(deposit, {
  inputs: [
    inputs(3, 3, "b", []),
    inputs(3, 2, "a", [0]),
    inputs(4 * CHUNK_RECORDS, 1, "a", []),
    inputs(8 * CHUNK_RECORDS + 1, 1, "b", [2, 8]),
    inputs(8 * CHUNK_RECORDS + 1, 1, "b", []),
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
