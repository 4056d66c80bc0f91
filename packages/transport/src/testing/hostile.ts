/** What every link must survive: a peer that sends whatever it likes. Run over each transport. */
import {
  CHANNEL_WINDOW_BYTES,
  type Link,
  MAX_FRAME_BYTES,
  MAX_OPENING_BYTES,
  RESET_CODES,
} from "@moiety/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_CHANNELS_PER_SIDE } from "../limits.ts";
import { closeRecord, creditRecord, dataRecord, openRecord, resetRecord } from "../record.ts";
import { echoTaker, settle, text } from "./channels.ts";

/** A link, seen from its honest end, whose other end a test holds in its hands. */
export interface Hostility {
  /** The accepting side: its peer opens odd channels. */
  readonly link: Link;
  /** Puts one record on the wire, whatever it is. */
  send(record: Uint8Array): void;
  /** Drops the wire. */
  stop(): void;
}

const full = new Uint8Array(MAX_FRAME_BYTES);

/** The least that breaks each rule, and the name of the reason by which the link ends. */
const VIOLATIONS: Readonly<Record<string, readonly [RegExp, () => Uint8Array[]]>> = {
  "an empty record": [/^malformed-record/, () => [new Uint8Array(0)]],
  "half a header": [/^malformed-record/, () => [openRecord(1, text("")).slice(0, 7)]],
  "a kind that is none": [/^malformed-record/, () => [changed(closeRecord(1), 0, 9)]],
  "a reserved byte": [/^malformed-record/, () => [changed(closeRecord(1), 2, 1)]],
  "a reset code where none belongs": [/^malformed-record/, () => [changed(closeRecord(1), 1, 1)]],
  "a reset code that is none": [
    /^malformed-record/,
    () => [open(), changed(resetRecord(1, "busy"), 1, RESET_CODES.length)],
  ],
  "a close with a payload": [
    /^malformed-record/,
    () => [open(), Buffer.concat([closeRecord(1), text("x")])],
  ],
  "credit of three bytes": [/^malformed-record/, () => [open(), creditRecord(1, 1).slice(0, 11)]],
  "credit of nothing": [/^credit-out-of-range/, () => [open(), creditRecord(1, 0)]],
  "credit beyond a window": [
    /^credit-out-of-range/,
    () => [open(), creditRecord(1, CHANNEL_WINDOW_BYTES + 1)],
  ],
  "credit for what was not sent": [/^credit-out-of-range/, () => [open(), creditRecord(1, 1)]],
  "a channel of the other side": [/^channel-out-of-turn/, () => [openRecord(2, text(""))]],
  "channel zero": [/^channel-out-of-turn/, () => [openRecord(0, text(""))]],
  "a channel that jumps ahead": [/^channel-out-of-turn/, () => [openRecord(3, text(""))]],
  "a channel opened twice": [/^channel-out-of-turn/, () => [open(), open()]],
  "data on a channel never opened": [/^unknown-channel/, () => [dataRecord(1, text("x"))]],
  "data on channel zero": [/^unknown-channel/, () => [dataRecord(0, text("x"))]],
  "a reset of a channel never opened": [/^unknown-channel/, () => [resetRecord(5, "busy")]],
  "credit on our own next channel": [/^unknown-channel/, () => [creditRecord(2, 1)]],
  "data after a close": [
    /^record-after-end/,
    () => [open(), closeRecord(1), dataRecord(1, text("x"))],
  ],
  "a second close": [/^record-after-end/, () => [open(), closeRecord(1), closeRecord(1)]],
  "data after a reset": [
    /^record-after-end/,
    () => [open(), resetRecord(1, "aborted"), dataRecord(1, text("x"))],
  ],
  "an opening over the bound": [
    /^opening-too-long/,
    () => [openRecord(1, new Uint8Array(MAX_OPENING_BYTES + 1))],
  ],
  "a frame over the bound": [
    /^(frame|record)-too-long/,
    () => [open(), dataRecord(1, new Uint8Array(MAX_FRAME_BYTES + 1))],
  ],
  "more than the window": [
    /^window-exceeded/,
    () => [open(), ...Array.from({ length: 5 }, () => dataRecord(1, full))],
  ],
  "more empty frames than the window": [
    /^window-exceeded/,
    () => [open(), ...Array.from({ length: 16_385 }, () => dataRecord(1, new Uint8Array(0)))],
  ],
  "one channel too many": [
    /^too-many-channels/,
    () =>
      Array.from({ length: MAX_CHANNELS_PER_SIDE + 1 }, (_, i) => openRecord(2 * i + 1, text(""))),
  ],
};

/** Declares the suite. `runs` is how many random peers to try. */
export function linkHostility(
  transport: string,
  makeHostility: () => Promise<Hostility>,
  runs: number,
): void {
  describe(`a link over ${transport} with a hostile peer`, () => {
    it.each(Object.entries(VIOLATIONS))("ends at %s", async (_, [reason, records]) => {
      const { link, send, stop } = await makeHostility();
      for (const record of records()) send(record);
      expect(await link.ended).toMatch(reason);
      expect(() => link.open(text("x"))).toThrow(expect.objectContaining({ code: "lost" }));
      stop();
    });

    it("takes what may cross the end of a channel", async () => {
      const { link, send, stop } = await makeHostility();
      link.onChannel((channel) => channel.close());
      send(open());
      send(closeRecord(1));
      await settle();
      send(creditRecord(1, 1));
      send(resetRecord(1, "aborted"));
      send(openRecord(3, text("")));
      await settle();
      expect(link.open(text("alive")).peer).toBe(link.peer);
      link.close();
      stop();
    });

    it("survives any records, in any order, and only that link ends", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyRecord(), { maxLength: 40 }), async (records) => {
          const { link, send, stop } = await makeHostility();
          link.onChannel(echoTaker);
          const own = link.open(text("own"));
          void own.send(text("to the hostile"));
          for (const record of records) send(record);
          await new Promise(setImmediate);
          link.close();
          expect(await link.ended).toMatch(/^[a-z-]+: |^closed by/);
          const readToEnd = async (): Promise<never> => {
            for (;;) await own.receive(); // what came before a close can still be read
          };
          await expect(readToEnd()).rejects.toMatchObject({ name: "LinkError" });
          stop();
        }),
        { numRuns: runs },
      );
    });
  });
}

function open(): Uint8Array {
  return openRecord(1, text("opening"));
}

function changed(record: Uint8Array, at: number, to: number): Uint8Array {
  const copy = record.slice();
  copy[at] = to;
  return copy;
}

/** Mostly well-formed records on few channels, so that sequences get far; some changed, some noise. */
function anyRecord(): fc.Arbitrary<Uint8Array> {
  const id = fc.nat({ max: 6 });
  const payload = fc.uint8Array({ maxLength: 300 });
  const well = fc.oneof(
    fc.tuple(id, payload).map(([channel, opening]) => openRecord(channel, opening)),
    fc.tuple(id, payload).map(([channel, frame]) => dataRecord(channel, frame)),
    fc.tuple(id, fc.nat({ max: 2 ** 32 - 1 })).map(([channel, n]) => creditRecord(channel, n)),
    id.map(closeRecord),
    fc
      .tuple(id, fc.constantFrom(...RESET_CODES))
      .map(([channel, code]) => resetRecord(channel, code)),
    fc.constantFrom(1, 3, 5).map((channel) => openRecord(channel, text("in turn"))),
  );
  const bent = fc
    .tuple(well, fc.nat({ max: 11 }), fc.nat({ max: 255 }))
    .map(([record, at, to]) => changed(record, at % record.length, to));
  return fc.oneof(
    { weight: 8, arbitrary: well },
    { weight: 1, arbitrary: bent },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  );
}
