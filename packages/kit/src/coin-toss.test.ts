/** The example of the README: a protocol written, and run, from beginning to end. */
import { readFileSync } from "node:fs";
import { constantTimeEqual, saltedDigest } from "@moiety/crypto";
import { describe, expect, test } from "vitest";
import { fixedBytes, flag, object } from "./codec.ts";
import { Misbehaviour } from "./errors.ts";
import { FRAME_HEADER_BYTES } from "./peer-stream.ts";
import { defineProtocol, message, type SessionOf } from "./protocol.ts";
import { service } from "./service.ts";
import { settle } from "./testing/manual-clock.ts";
import { network } from "./testing/network.ts";
import type { FrameTap } from "./testing/pipe-link.ts";
import { binaryBytes } from "./wire-size.ts";

/** Coin tossing by telephone (Blum 1981): neither side can choose the outcome. */
const coinToss = defineProtocol({
  name: "coin-toss",
  version: 1,
  roles: ["caller", "flipper"],
  messages: {
    commitment: message("caller", "flipper", object({ digest: fixedBytes(32) })),
    flip: message("flipper", "caller", object({ heads: flag })),
    opening: message("caller", "flipper", object({ heads: flag, salt: fixedBytes(32) })),
  },
  limits: { receiveMs: 5_000, totalMs: 15_000, receivedBytes: 1_000 },
  cost() {
    const map = FRAME_HEADER_BYTES + 1; // a map of up to 15 keys has a head of one byte
    const [heads, salt] = [1 + 5 + 1, 1 + 4 + binaryBytes(32)];
    return {
      messages: {
        commitment: { count: 1, bytes: map + 1 + 6 + binaryBytes(32) },
        flip: { count: 1, bytes: map + heads },
        opening: { count: 1, bytes: map + heads + salt },
      },
      rounds: 3,
    };
  },
});

/** Output: true when caller and flipper chose alike. */
async function caller(session: SessionOf<typeof coinToss, "caller">): Promise<boolean> {
  // 1: commit to a coin before the other side's is known.
  const heads = ((session.rng.bytes(1)[0] as number) & 1) === 1;
  const salt = session.rng.bytes(32);
  session.send("flipper", "commitment", { digest: commit(session, heads, salt) });
  // 2
  const flip = await session.receive("flipper", "flip");
  // 3: only now open it.
  session.send("flipper", "opening", { heads, salt });
  return heads === flip.heads;
}

async function flipper(session: SessionOf<typeof coinToss, "flipper">): Promise<boolean> {
  // 1
  const { digest } = await session.receive("caller", "commitment");
  // 2: this coin cannot depend on the other, which the digest hides.
  const heads = ((session.rng.bytes(1)[0] as number) & 1) === 1;
  session.send("caller", "flip", { heads });
  // 3: the other cannot depend on this one, for it was committed to before.
  const opening = await session.receive("caller", "opening");
  if (!constantTimeEqual(digest, commit(session, opening.heads, opening.salt)))
    throw new Misbehaviour(session.party("caller"), "cheat", "the coin is not the committed one");
  return heads === opening.heads;
}

/** Bound to this session by its context: a commitment cannot be replayed in another. */
function commit(
  session: SessionOf<typeof coinToss, "caller" | "flipper">,
  heads: boolean,
  salt: Uint8Array,
): Uint8Array {
  return saltedDigest("coin-toss", salt, session.context("coin"), Uint8Array.of(heads ? 1 : 0));
}

interface Toss {
  readonly caller: PromiseSettledResult<boolean>;
  readonly flipper: boolean | undefined;
  readonly failures: Readonly<Record<string, readonly object[]>>;
}

async function toss(tap?: FrameTap): Promise<Toss> {
  const { boards, failures } = network(["alice", "bob"], tap ? { tap } : {});
  let output: boolean | undefined;
  boards.bob!.serve(
    service(
      coinToss,
      "flipper",
      () => {},
      async (session) => {
        output = await flipper(session);
      },
    ),
  );
  const parties = { caller: "alice", flipper: "bob" };
  const run = boards.alice!.run(coinToss, "caller", parties, caller);
  const [result] = await Promise.allSettled([run]);
  await settle();
  return { caller: result as PromiseSettledResult<boolean>, flipper: output, failures };
}

describe("coin tossing", () => {
  test("is the README's example, but for indentation", () => {
    const read = (name: string): string =>
      readFileSync(new URL(name, import.meta.url), "utf8").replace(/^ +/gm, "");
    const examples = [...read("../README.md").matchAll(/```ts\n(.*?)```/gs)].map(
      ([, code]) => code,
    );
    expect(examples).toHaveLength(3);
    const own = read("./coin-toss.test.ts");
    for (const example of examples) expect(own).toContain(example);
  });

  test("both sides agree on the outcome", async () => {
    const { caller, flipper } = await toss();
    expect(caller).toEqual({ status: "fulfilled", value: flipper });
  });

  test("sends what it declares", async () => {
    const sent: number[] = [];
    await toss((_, frame) => {
      sent.push(frame.length);
      return [frame];
    });
    const { commitment, flip, opening } = coinToss.cost(undefined as never).messages;
    const [, ...frames] = sent; // the first one is the welcome of the handshake
    expect(frames).toEqual([commitment?.bytes, flip?.bytes, opening?.bytes]);
  });

  test("a caller that changes its mind is caught and named", async () => {
    const { flipper, failures } = await toss((from, frame) => {
      if (from !== "alice" || frame[0] !== 2) return [frame];
      const changed = Uint8Array.from(frame);
      const coin = FRAME_HEADER_BYTES + 1 + 6; // MessagePack writes false as c2 and true as c3
      changed[coin] = (changed[coin] as number) ^ 1;
      return [changed];
    });
    expect(flipper).toBeUndefined();
    expect(failures.bob).toMatchObject([{ party: "alice", step: "opening", code: "cheat" }]);
  });
});
