import { MAX_FRAME_BYTES, RESET_CODES } from "@moiety/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fifo } from "./fifo.ts";
import { MAX_RECORD_BYTES } from "./limits.ts";
import {
  closeRecord,
  creditRecord,
  dataRecord,
  decodeRecord,
  openRecord,
  resetRecord,
  Violation,
} from "./record.ts";

const id = fc.nat({ max: 2 ** 32 - 1 });
const payload = fc.uint8Array({ maxLength: 600 });

describe("records", () => {
  it("have the layout that record.ts describes", () => {
    const hex = (record: Uint8Array): string => Buffer.from(record).toString("hex");
    expect(hex(openRecord(1, Uint8Array.of(0xaa, 0xbb)))).toBe("0100000000000001aabb");
    expect(hex(dataRecord(0x01020304, Uint8Array.of(0xcc)))).toBe("0200000001020304cc");
    expect(hex(creditRecord(3, 0x100000))).toBe("030000000000000300100000");
    expect(hex(closeRecord(0xffffffff))).toBe("04000000ffffffff");
    expect(hex(resetRecord(5, "busy"))).toBe("0504000000000005");
    expect(dataRecord(1, new Uint8Array(MAX_FRAME_BYTES))).toHaveLength(MAX_RECORD_BYTES);
  });

  it("come back as they were sent", () => {
    fc.assert(
      fc.property(id, payload, fc.constantFrom(...RESET_CODES), (channel, bytes, code) => {
        expect(decodeRecord(openRecord(channel, bytes))).toEqual({
          kind: "open",
          channel,
          opening: bytes,
        });
        expect(decodeRecord(dataRecord(channel, bytes))).toEqual({
          kind: "data",
          channel,
          frame: bytes,
        });
        expect(decodeRecord(creditRecord(channel, 7))).toEqual({
          kind: "credit",
          channel,
          bytes: 7,
        });
        expect(decodeRecord(closeRecord(channel))).toEqual({ kind: "close", channel });
        expect(decodeRecord(resetRecord(channel, code))).toEqual({ kind: "reset", channel, code });
      }),
    );
  });

  it("have one encoding each: what decodes, encodes to the same bytes", () => {
    const header = fc.tuple(
      fc.nat({ max: 6 }),
      fc.nat({ max: 10 }),
      fc.constantFrom(0, 0, 0, 1),
      id,
    );
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 24 }),
      fc
        .tuple(header, fc.uint8Array({ maxLength: 6 }))
        .map(([[kind, code, reserved, channel], rest]) => {
          const head = Buffer.from([kind, code, reserved, 0, 0, 0, 0, 0]);
          head.writeUInt32BE(channel, 4);
          return new Uint8Array(Buffer.concat([head, rest]));
        }),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          expect(Buffer.from(encodedAgain(bytes)).equals(bytes)).toBe(true);
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("keep nothing of the memory they arrived in", () => {
    const chunk = Buffer.concat([dataRecord(1, Uint8Array.of(1, 2)), Buffer.alloc(1000, 9)]);
    const decoded = decodeRecord(chunk.subarray(0, 10));
    expect(decoded).toEqual({ kind: "data", channel: 1, frame: Uint8Array.of(1, 2) });
    expect("frame" in decoded && decoded.frame.buffer.byteLength).toBe(2);
  });
});

function encodedAgain(bytes: Uint8Array): Uint8Array {
  const record = decodeRecord(bytes);
  switch (record.kind) {
    case "open":
      return openRecord(record.channel, record.opening);
    case "data":
      return dataRecord(record.channel, record.frame);
    case "credit":
      return creditRecord(record.channel, record.bytes);
    case "close":
      return closeRecord(record.channel);
    case "reset":
      return resetRecord(record.channel, record.code);
  }
}

describe("a queue", () => {
  it("gives out what was put in, in order", () => {
    const step = fc.oneof(
      fc.nat().map((value) => ({ push: value })),
      fc.constantFrom("shift" as const, "peek" as const, "drain" as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new Fifo<number>();
        const model: number[] = [];
        for (const one of steps) {
          if (typeof one === "object") {
            queue.push(one.push);
            model.push(one.push);
          } else if (one === "shift") expect(queue.shift()).toBe(model.shift());
          else if (one === "peek") expect(queue.peek()).toBe(model[0]);
          else expect(queue.drain()).toEqual(model.splice(0));
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });
});
