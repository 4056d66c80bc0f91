/** Deposits that are cut, repeated, contradicted or attacked: nothing half done, nothing lost. */
import { leafHash, openSealed, seal, seededRng } from "@moiety/crypto";
import type { SessionOf } from "@moiety/kit";
import { describe, expect, test } from "vitest";
import {
  boxes,
  bureauInput,
  CATALOGUE,
  content,
  platformInput,
  platformKey,
  prepare,
} from "../test-deposits.ts";
import { MemoryShelf } from "../test-shelf.ts";
import { failureOf, outputOf, type PlayOptions, play } from "../test-world.ts";
import { chunkContext } from "./chunk.ts";
import { CHUNK_RECORDS, type DepositHeader, signHeader } from "./header.ts";
import { bureau, CHUNKS_AHEAD, deposit, type PlatformInput, platform } from "./protocol.ts";
import type { PreparedDeposit } from "./sealing.ts";

const CHUNKS = CHUNKS_AHEAD + 2;
const rng = seededRng("resumption");
/** The last chunk holds one record. */
const given = content(rng, (CHUNKS - 1) * CHUNK_RECORDS + 1, 2);
const prepared = prepare(given, rng);
const another = prepare(given, rng);

type PlatformSession = SessionOf<typeof deposit, "platform">;
type BureauSession = SessionOf<typeof deposit, "bureau">;

/** One session with the honest bureau; says which chunks left the platform. */
async function attempt(shelf: MemoryShelf, what: PreparedDeposit, options: PlayOptions = {}) {
  const sent: number[] = [];
  const input = platformInput(what, "a", (index) => sent.push(index));
  const endings = await against(shelf, (session) => platform(session, input), options);
  return { ...endings, sent };
}

/** The honest bureau against any platform. */
function against(
  shelf: MemoryShelf,
  role: (session: PlatformSession) => Promise<unknown>,
  options: PlayOptions = {},
) {
  const cast = {
    platform: role,
    bureau: (session: BureauSession) => bureau(session, bureauInput("a", shelf)),
  };
  return play(deposit, cast, options);
}

/** Digest of what is visible of version 1, or undefined. */
function visible(shelf: MemoryShelf): string | undefined {
  const records = shelf.records(1);
  return records && Buffer.from(leafHash(records)).toString("hex");
}

async function whole(): Promise<string> {
  const shelf = new MemoryShelf("a");
  const { sent } = await attempt(shelf, prepared);
  expect(sent).toEqual(Array.from({ length: CHUNKS }, (_, index) => index));
  return visible(shelf) as string;
}

/** Whoever sends after `limit` frames have passed breaks down; tells how many it was in all. */
function cutting(limit: number): { options: PlayOptions; passed: () => number } {
  let passed = 0;
  const tap = (): undefined => {
    passed += 1;
    if (passed > limit) throw new Error("cut");
  };
  return { options: { tap }, passed: () => passed };
}

describe("a deposit that is cut", () => {
  test("after any message is resumed with the missing chunks only, and ends as if never cut", async () => {
    const expected = await whole();
    for (let limit = 1; ; limit += 1) {
      const shelf = new MemoryShelf("a");
      const { options, passed } = cutting(limit);
      await attempt(shelf, prepared, options);
      if (passed() <= limit) break; // it was over before it was cut
      const held = shelf.held(1);
      const { platform: ended, sent } = await attempt(shelf, prepared);
      outputOf(ended);
      const missing = Array.from({ length: CHUNKS }, (_, index) => index).slice(held.length);
      expect(held).toEqual(Array.from(held.keys()));
      expect(sent).toEqual(missing);
      expect(visible(shelf)).toEqual(expected);
      expect(limit).toBeLessThan(200);
    }
  });

  test("again and again still gets through", async () => {
    const shelf = new MemoryShelf("a");
    let before = -1;
    for (let round = 0; shelf.records(1) === undefined; round += 1) {
      await attempt(shelf, prepared, cutting(8 + round).options);
      expect(shelf.held(1).length).toBeGreaterThanOrEqual(before);
      before = shelf.held(1).length;
      expect(round).toBeLessThan(100);
    }
    expect(visible(shelf)).toEqual(await whole());
  });

  test("shows nothing before it is complete", async () => {
    const shelf = new MemoryShelf("a");
    await attempt(shelf, prepared, cutting(12).options);
    expect(shelf.held(1).length).toBeLessThan(CHUNKS);
    expect(shelf.records(1)).toBeUndefined();
  });
});

describe("a deposit that is repeated", () => {
  test("sends no chunk and gets the same receipt", async () => {
    const shelf = new MemoryShelf("a");
    const first = await attempt(shelf, prepared);
    const again = await attempt(shelf, prepared, { seed: "again" });
    expect(again.sent).toEqual([]);
    expect(outputOf(again.platform)).toEqual(outputOf(first.platform));
    expect(outputOf(again.bureau)).toEqual(prepared.header);
  });

  test("in two sessions at once is stored once", async () => {
    const shelf = new MemoryShelf("a");
    const both = await Promise.all([attempt(shelf, prepared), attempt(shelf, prepared)]);
    for (const { platform: ended } of both) outputOf(ended);
    expect(visible(shelf)).toEqual(await whole());
  });

  test("with another content under the same version is refused, and changes nothing", async () => {
    const shelf = new MemoryShelf("a");
    await attempt(shelf, prepared);
    const before = visible(shelf);
    const { platform: ended, bureau: bureauEnded, sent } = await attempt(shelf, another);
    expect(failureOf(ended)).toMatchObject({ code: "conflict", party: "bureau" });
    expect(failureOf(bureauEnded)).toMatchObject({ code: "conflict" });
    expect(sent).toEqual([]);
    expect(visible(shelf)).toEqual(before);
  });
});

describe("a bureau names the platform that", () => {
  const small = prepare(content(rng, 3, 2), rng);

  test("announces a root that is not that of its records, and forgets the chunks", async () => {
    const shelf = new MemoryShelf("a");
    const wrong = underHeader({ ...small.header, rootA: small.header.rootB }, small);
    const ended = await against(shelf, (session) => platform(session, wrong));
    expect(failureOf(ended.bureau)).toMatchObject({ party: "platform", code: "cheat" });
    expect(failureOf(ended.platform)).toMatchObject({ party: "bureau", code: "aborted" });
    expect(shelf.records(1)).toBeUndefined();
    expect(shelf.held(1)).toEqual([]);
  });

  test("offers the deposit of another platform", async () => {
    const shelf = new MemoryShelf("a");
    const stolen = prepare(content(rng, 3, 2), rng, { platform: "shop" });
    const ended = await against(shelf, (session) => platform(session, platformInput(stolen, "a")));
    expect(failureOf(ended.bureau)).toMatchObject({ party: "platform", code: "cheat" });
    expect(shelf.held(1)).toEqual([]);
  });

  test("sends a chunk that does not open", async () => {
    const shelf = new MemoryShelf("a");
    const ended = await against(shelf, (session) => platform(session, platformInput(small, "b")));
    expect(failureOf(ended.bureau)).toMatchObject({ party: "platform", code: "cheat" });
    expect(shelf.held(1)).toEqual([]);
  });

  test("sends another chunk than the next", async () => {
    const ended = await against(new MemoryShelf("a"), async (session) => {
      await offer(session, prepared);
      session.send("bureau", "chunk", { index: 1, sealed: prepared.sealed.a[1] as Uint8Array });
      await session.receive("bureau", "stored");
    });
    expect(failureOf(ended.bureau)).toMatchObject({ party: "platform", code: "mismatch" });
  });

  test("sends what is no header", async () => {
    const ended = await against(new MemoryShelf("a"), (session) =>
      offer(session, { ...prepared, bytes: Uint8Array.of(1, 2, 3) }),
    );
    expect(failureOf(ended.bureau)).toMatchObject({ party: "platform", code: "malformed" });
  });

  test("cannot sign for its domain", async () => {
    const ended = await against(new MemoryShelf("a"), (session) =>
      offer(session, { ...prepared, signature: new Uint8Array(64) }),
    );
    expect(failureOf(ended.platform)).toMatchObject({ party: "bureau", code: "refused" });
  });
});

/** The same single chunk, signed and sealed under another header, so that nothing else is wrong. */
function underHeader(header: DepositHeader, from: PreparedDeposit): PlatformInput {
  const signed = signHeader(header, platformKey);
  const chunk = openSealed(
    boxes.a,
    chunkContext(from.header, "a", 0),
    from.sealed.a[0] as Uint8Array,
  );
  const sealed = seal(boxes.a.publicKey, chunkContext(header, "a", 0), chunk, rng);
  return platformInput({ ...signed, header, sealed: { a: [sealed], b: [] } }, "a");
}

describe("a platform names the bureau that", () => {
  const misbehaving: readonly [string, (session: BureauSession) => Promise<unknown>, string][] = [
    [
      "answers with a bitmap of another length",
      async (session) => {
        await session.receive("platform", "offer");
        session.send("platform", "held", { chunks: new Uint8Array(9) });
        await session.receive("platform", "chunk");
      },
      "malformed",
    ],
    [
      "acknowledges another chunk",
      async (session) => {
        await session.receive("platform", "offer");
        session.send("platform", "held", { chunks: new Uint8Array(1) });
        await session.receive("platform", "chunk");
        session.send("platform", "stored", { index: 2 });
        await session.receive("platform", "chunk");
      },
      "mismatch",
    ],
    [
      "signs a receipt for something else",
      async (session) => {
        await session.receive("platform", "offer");
        session.send("platform", "held", { chunks: Uint8Array.of(0x3f) });
        session.send("platform", "accepted", { receipt: new Uint8Array(64) });
      },
      "cheat",
    ],
  ];
  test.each(misbehaving)("%s", async (_, role, code) => {
    const input = platformInput(prepared, "a");
    const cast = { platform: (session: PlatformSession) => platform(session, input), bureau: role };
    const ended = await play(deposit, cast);
    expect(failureOf(ended.platform)).toMatchObject({ party: "bureau", code });
  });
});

async function offer(session: PlatformSession, what: PreparedDeposit): Promise<void> {
  const { bytes: header, signature } = what;
  session.send("bureau", "offer", { header, signature, catalogue: CATALOGUE });
  await session.receive("bureau", "held");
}
