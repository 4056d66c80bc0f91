import { describe, expect, test } from "vitest";
import {
  discard,
  LARGE_FRAME_BYTES,
  markReceived,
  newFrame,
  reuse,
  withRoom,
} from "./frame-memory.ts";

const LARGE = 3 * LARGE_FRAME_BYTES;

describe("memory of frames", () => {
  test("a large frame has room in front, which is nobody's", () => {
    const frame = newFrame(LARGE).fill(1);
    const widened = withRoom(frame, 8) as Uint8Array;
    widened.fill(2, 0, 8);
    expect(widened.length).toBe(LARGE + 8);
    expect(frame.every((byte) => byte === 1)).toBe(true);
    expect(withRoom(frame, 1 << 20)).toBeUndefined();
  });

  test("nothing else has room: what lies before it may be somebody's", () => {
    expect(withRoom(newFrame(100), 8)).toBeUndefined();
    expect(withRoom(new Uint8Array(LARGE).subarray(100), 8)).toBeUndefined();
    expect(withRoom(Buffer.from("from the pool"), 1)).toBeUndefined();
  });

  test("two frames never share memory, unless the first was given back; then once", () => {
    const first = newFrame(LARGE);
    expect(newFrame(LARGE).buffer).not.toBe(first.buffer);
    reuse(first);
    reuse(first); // a second time changes nothing
    const [second, third] = [newFrame(LARGE - 5), newFrame(LARGE - 5)];
    expect(second.buffer).toBe(first.buffer);
    expect(third.buffer).not.toBe(first.buffer);
    expect(second.length).toBe(LARGE - 5);
  });

  test("what others made is not taken", () => {
    const foreign = new Uint8Array(LARGE);
    reuse(foreign);
    for (let n = 0; n < 20; n += 1) expect(newFrame(LARGE - 128).buffer).not.toBe(foreign.buffer);
  });

  test("memory of what arrived is freed once it is discarded, and no other", () => {
    const [message, other] = [new Uint8Array(LARGE), new Uint8Array(LARGE)];
    markReceived(message);
    const field = message.subarray(10, 20);
    discard(field);
    discard(other);
    expect([message.length, field.length, other.length]).toEqual([0, 0, LARGE]);
    discard(field); // nothing is left to free
  });
});
