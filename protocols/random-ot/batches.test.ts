/** Batches of random OTs over the protocol: the relation between both sides' halves, and cheats. */
import { OtReceiverBatch, seededRng, startOtReceiver } from "@moiety/crypto";
import type { FrameTap } from "@moiety/lab";
import { describe, expect, test, vi } from "vitest";
import {
  type Received,
  type ReceiverSession,
  ROOMY,
  receiving,
  type SenderSession,
  type Sent,
  sending,
} from "../test-ots.ts";
import { SIGMAS, uniformDeviation } from "../test-statistics.ts";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { MAX_BATCH, OT_PARAMETERS, randomOt, receiver, sender } from "./protocol.ts";

function exchange(
  sizes: readonly number[],
  roles: {
    readonly receiver?: (session: ReceiverSession) => Promise<unknown>;
    readonly sender?: (session: SenderSession) => Promise<unknown>;
    readonly tap?: FrameTap;
  } = {},
) {
  const cast = {
    receiver: (session: ReceiverSession): Promise<unknown> =>
      roles.receiver?.(session) ?? receiving(session, sizes),
    sender: (session: SenderSession): Promise<unknown> =>
      roles.sender?.(session) ?? sending(session),
  };
  return play(randomOt, cast, roles.tap && { tap: roles.tap });
}

describe("batches of random OTs", () => {
  test("fit each other: the receiver's pad is the sender's at the receiver's choice", async () => {
    const sizes = [1, 300, 4096];
    const ended = await exchange(sizes);
    const received = outputOf(ended.receiver) as Received[];
    const sent = outputOf(ended.sender) as Sent[];
    expect(received.map(({ choices }) => choices.length)).toEqual(sizes);
    expect(received.map(({ batch }) => batch)).toEqual([0, 1, 2]);
    expect(sent.map(({ batch }) => batch)).toEqual([0, 1, 2]);
    for (const [at, { choices, pads }] of received.entries()) {
      const all = sent[at]?.pads as Uint16Array;
      expect(all.length).toBe(16 * choices.length);
      expect(choices.findIndex((choice) => choice > 15)).toBe(-1);
      expect(pads.findIndex((pad, i) => pad !== all[16 * i + (choices[i] as number)])).toBe(-1);
    }
  });

  test("are uniform: choices, and the pads of every choice", async () => {
    const ended = await exchange([8192]);
    const [{ choices }] = outputOf(ended.receiver) as [Received];
    const [{ pads }] = outputOf(ended.sender) as [Sent];
    const slot = (c: number) => pads.filter((_, i) => (i & 15) === c);
    const counted = (values: ArrayLike<number>, shift: number): Uint32Array => {
      const counts = new Uint32Array(16);
      for (const value of Array.from(values)) {
        const cell = (value >> shift) & 15;
        counts[cell] = (counts[cell] as number) + 1;
      }
      return counts;
    };
    expect(Math.abs(uniformDeviation(counted(choices, 0)))).toBeLessThan(SIGMAS);
    for (let c = 0; c < 16; c += 1)
      for (const shift of [0, 6, 12])
        expect(Math.abs(uniformDeviation(counted(slot(c), shift)))).toBeLessThan(SIGMAS);
  });

  test("are never larger than a frame holds, whatever is wanted", async () => {
    const ended = await exchange([MAX_BATCH + 5]);
    const [{ choices }] = outputOf(ended.receiver) as [Received];
    expect(choices.length).toBe(MAX_BATCH);
  });

  test("need not come: a receiver may end at once", async () => {
    const ended = await exchange([]);
    expect([outputOf(ended.receiver), outputOf(ended.sender)]).toEqual([[], []]);
  });
});

describe("a sender names the receiver", () => {
  /** Answers the setup as the honest receiver would, then says what it is told to. */
  async function settingUp(session: ReceiverSession): Promise<void> {
    const { elements } = await session.receive("sender", "base");
    const context = session.context("ot");
    const { message } = startOtReceiver(OT_PARAMETERS, context, elements, session.rng);
    session.send("sender", "setup", { reply: message });
  }

  test("who fails the check, and gives no pad of that batch", async () => {
    const delivered: number[] = [];
    const ended = await exchange([64, 64], {
      receiver: (session) => receiving(flippingResponses(session, 1), [64, 64]),
      sender: (session) =>
        sender(session, {
          deliver: (batch) => {
            delivered.push(batch);
            return ROOMY;
          },
        }),
    });
    expect(failureOf(ended.sender)).toMatchObject({ party: "receiver", code: "cheat" });
    expect(delivered).toEqual([0]);
  });

  test("not, who asks for more than there is room for: it is refused before any work", async () => {
    const delivered: number[] = [];
    let room = 100;
    const stock = {
      get room() {
        return room;
      },
    };
    const ended = await exchange([60, 40, 1, 1], {
      sender: (session) =>
        sender(session, {
          deliver: (batch, pads) => {
            delivered.push(batch);
            // What the first two batches take is half used up in between.
            room -= pads.length / 16;
            if (batch === 0) room += 1;
            return stock;
          },
        }),
    });
    expect(delivered).toEqual([0, 1, 2]);
    expect(failureOf(ended.sender)).toMatchObject({ party: "sender", code: "busy" });
    expect(failureOf(ended.receiver)).toMatchObject({ party: "sender", code: "busy" });
    expect(ended.meters.sender?.challenge?.count).toBe(3);
  });

  test("whose setup fits no tree", async () => {
    const ended = await exchange([], {
      receiver: async (session) => {
        const { elements } = await session.receive("sender", "base");
        const reply = seededRng("garbage").bytes(32 + 120 * 96);
        reply.set(elements.subarray(0, 32));
        session.send("sender", "setup", { reply });
        await session.receive("sender", "challenge");
      },
    });
    expect(failureOf(ended.sender)).toMatchObject({ party: "receiver", code: "cheat" });
  });

  test.each([
    ["who skips a batch number", { batch: 1, count: 5, columns: new Uint8Array() }, "mismatch"],
    [
      "who asks for too many",
      { batch: 0, count: MAX_BATCH + 1, columns: new Uint8Array() },
      "malformed",
    ],
    [
      "whose corrections are too short",
      { batch: 0, count: 5, columns: new Uint8Array(9) },
      "cheat",
    ],
  ] as const)("%s", async (_, corrections, code) => {
    const ended = await exchange([], {
      receiver: async (session) => {
        await settingUp(session);
        session.send("sender", "corrections", corrections);
        await session.receive("sender", "challenge");
      },
    });
    expect(failureOf(ended.sender)).toMatchObject({ party: "receiver", code });
  });
});

/** Flips a bit of the body of the frame with this tag, at a place given as a share of its length. */
function flipping(tag: number, place: number): FrameTap {
  return ({ frame }) => {
    if (frame[0] !== tag) return undefined;
    const changed = Uint8Array.from(frame);
    const at = Math.floor(place * (frame.length - 1));
    changed[at] = (changed[at] as number) ^ 4;
    return [changed];
  };
}

describe("a bit changed on the way", () => {
  const places: readonly [keyof typeof randomOt.messages, number][] = [
    ["base", 0.01],
    ["base", 0.9],
    ["setup", 0.001],
    ["setup", 0.3],
    ["setup", 1],
    ["corrections", 0.2],
    ["corrections", 0.99],
    ["challenge", 1],
    ["response", 0.1],
    ["response", 1],
    ["ready", 1],
  ];
  test.each(places)(
    "in %s (at %d of its length) gives pads that fit, or none",
    async (name, at) => {
      const tap = flipping(Object.keys(randomOt.messages).indexOf(name), at);
      const delivered: Received[] = [];
      const sent: Sent[] = [];
      const left = [64];
      const ended = await exchange([], {
        receiver: (session) =>
          receiver(session, {
            next: async () => left.shift() ?? 0,
            deliver: (batch, choices, pads) => delivered.push({ batch, choices, pads }),
          }),
        sender: (session) =>
          sender(session, {
            deliver: (batch, pads) => {
              sent.push({ batch, pads });
              return ROOMY;
            },
          }),
        tap,
      });
      // A column that does not depend on the bit that was changed is right all the same.
      for (const [index, { choices, pads }] of delivered.entries()) {
        const all = sent[index]?.pads as Uint16Array;
        expect(pads.findIndex((pad, i) => pad !== all[16 * i + (choices[i] as number)])).toBe(-1);
      }
      if (delivered.length === 0)
        expect([failureOf(ended.receiver).code]).not.toContain("internal");
    },
  );
});

describe("a receiver names the sender", () => {
  test("who sends no group elements", async () => {
    const ended = await exchange([], {
      sender: async (session) => {
        session.send("receiver", "base", { elements: new Uint8Array(480 * 32).fill(255) });
        await session.receive("receiver", "setup");
      },
    });
    expect(failureOf(ended.receiver)).toMatchObject({ party: "sender", code: "cheat" });
  });

  test("who declares another batch ready, counts nothing as available, and wipes it", async () => {
    const delivered: number[] = [];
    const wiped = vi.spyOn(OtReceiverBatch.prototype, "destroy");
    const left = [8];
    const ended = await exchange([], {
      receiver: (session) =>
        receiver(session, {
          next: async () => left.shift() ?? 0,
          deliver: (batch) => delivered.push(batch),
        }),
      sender: (session) => sending(renumbering(session)),
    });
    expect(failureOf(ended.receiver)).toMatchObject({ party: "sender", code: "mismatch" });
    expect(delivered).toEqual([]);
    expect(wiped.mock.contexts.map((batch) => (batch as OtReceiverBatch).count)).toEqual([8]);
    wiped.mockRestore();
  });
});

/** The session of a receiver whose response to batch `from` on has one bit flipped. */
function flippingResponses(session: ReceiverSession, from: number): ReceiverSession {
  let batch = 0;
  return changing(session, "send", (name, body) => {
    if (name !== "response" || batch++ < from) return body;
    const { hashes } = body as { hashes: Uint8Array };
    const flipped = Uint8Array.from(hashes);
    flipped[0] = (flipped[0] as number) ^ 1;
    return { hashes: flipped };
  });
}

function renumbering(session: SenderSession): SenderSession {
  return changing(session, "send", (name, body) => (name === "ready" ? { batch: 1 } : body));
}
