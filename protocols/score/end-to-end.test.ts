/** No dealer: two bureaus make their random OTs, look up tables with them, and score. */
import { type SeededRng, seededRng } from "@moiety/crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { ReceiverBook, SenderBook } from "../lookup/pads.ts";
import { lookup, lookupBureau } from "../lookup/protocol.ts";
import { randomOt, receiver, sender } from "../random-ot/protocol.ts";
import { DealtPads, nibbles, words } from "../test-dealer.ts";
import { type Bureau, InquiryWorld } from "../test-inquiries.ts";
import { outputOf, play } from "../test-world.ts";
import { bank, bureau, score } from "./protocol.ts";

/** Two batches, so that what is taken for a run comes in two segments. */
const BATCHES = [100, 300] as const;
const SHAPE = { people: 20, domains: 2, features: 4 };

/** One direction: the books of who receives and of who sends. */
async function extend(seed: string): Promise<{ receiving: ReceiverBook; sending: SenderBook }> {
  const left: number[] = [...BATCHES];
  const ended = await play(
    randomOt,
    {
      receiver: async (session) => {
        const book = new ReceiverBook(session.id);
        await receiver(session, {
          next: async () => left.shift() ?? 0,
          deliver: (batch, choices, pads) => book.add(batch, choices, pads),
        });
        return book;
      },
      sender: async (session) => {
        const book = new SenderBook(session.id, 16);
        await sender(session, { deliver: (batch, pads) => book.add(batch, pads) });
        return book;
      },
    },
    { seed },
  );
  return { receiving: outputOf(ended.receiver), sending: outputOf(ended.sender) };
}

async function books(): Promise<Record<Bureau, DealtPads>> {
  const [byA, byB] = [await extend("A receives"), await extend("B receives")];
  return {
    a: new DealtPads(byA.receiving, byB.sending),
    b: new DealtPads(byB.receiving, byA.sending),
  };
}

describe("with random OTs of their own, two bureaus", () => {
  let pads: Record<Bureau, DealtPads>;
  let rng: SeededRng;
  beforeAll(async () => {
    pads = await books();
    rng = seededRng("end to end");
  });

  test("look tables up, and score whom a bank asks about, until the OTs are used up", async () => {
    const groups = 30;
    const m = 3;
    const inputs = (side: Bureau) => ({
      indices: nibbles(rng, groups * m),
      tables: words(rng, m * 16),
      pads: pads[side],
    });
    const [a, b] = [inputs("a"), inputs("b")];
    const looked = await play(lookup, {
      a: (session) => lookupBureau(session, a),
      b: (session) => lookupBureau(session, b),
    });
    const [ofA, ofB] = [outputOf(looked.a), outputOf(looked.b)];
    for (let g = 0; g < groups; g += 1) {
      let total = 0;
      for (let j = 0; j < m; j += 1) {
        const l = g * m + j;
        const i = ((a.indices[l] as number) + (b.indices[l] as number)) & 15;
        total += (a.tables[16 * j + i] as number) + (b.tables[16 * j + i] as number);
      }
      expect(((ofA[g] as number) + (ofB[g] as number)) & 0xffff).toBe(total & 0xffff);
    }

    const world = new InquiryWorld(rng, SHAPE);
    world.deposit(rng, 0);
    world.deposit(rng, 1, (person) => person % 3 > 0);
    const scored = await play(score, {
      bank: (session) => bank(session, world.bankInput()),
      a: (session) => bureau(session, world.bureauInput("a", pads.a)),
      b: (session) => bureau(session, world.bureauInput("b", pads.b)),
    });
    expect(outputOf(scored.bank)).toEqual(world.plainScores());

    const used = groups * m + SHAPE.people * SHAPE.domains * SHAPE.features;
    const total = BATCHES[0] + BATCHES[1];
    for (const { receiver: receiving, sender: sending } of Object.values(pads))
      expect([receiving.level, sending.level]).toEqual([total - used, total - used]);
  });
});
