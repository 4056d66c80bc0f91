import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { seededRng } from "../rng.ts";
import { dealOt } from "./dealer.ts";
import golden from "./fixtures/golden.json" with { type: "json" };
import {
  type OtParameters,
  type OtReceiver,
  type OtReceiverBatch,
  type OtSender,
  type OtSenderBatch,
  otBatchBytes,
  otSetupBytes,
  startOtReceiver,
  startOtSender,
} from "./index.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A whole setup with real base OTs, and every message it exchanged. */
function setUp(parameters: OtParameters, context: string, seed = "ot test") {
  const rng = seededRng(seed);
  const { setup, message } = startOtSender(parameters, encode(context), rng.fork("sender"));
  const started = startOtReceiver(parameters, encode(context), message, rng.fork("receiver"));
  const sender = setup.finish(started.message);
  return { sender, receiver: started.receiver, messages: [message, started.message] };
}

function runBatch(sender: OtSender, receiver: OtReceiver, count: number, seed = `batch ${count}`) {
  const correction = receiver.extend(count);
  const challenge = sender.challenge(count, correction, seededRng(seed));
  const { response, batch } = receiver.respond(challenge);
  const messages = [correction, challenge, response];
  return { received: batch, sent: sender.verify(response), messages };
}

/** OTs whose chosen pad differs between the two sides. */
function mismatches(p: OtParameters, received: OtReceiverBatch, sent: OtSenderBatch): number {
  const words = p.padBits / 16;
  let wrong = 0;
  for (let i = 0; i < received.count; i++) {
    for (let w = 0; w < words; w++) {
      const pad = sent.pads[(i * p.choices + received.choices[i]!) * words + w];
      if (pad !== received.pads[i * words + w]) wrong++;
    }
  }
  return wrong;
}

describe.each([2, 4, 16] as const)("1-of-%i OT", (choices) => {
  const parameters: OtParameters = { choices, padBits: 16 };
  const { sender, receiver, messages } = setUp(parameters, "correctness");

  test("a setup's messages have the declared lengths", () => {
    const { request, reply } = otSetupBytes(parameters);
    expect(messages.map((message) => message.length)).toEqual([request, reply]);
  });

  test("the receiver has the sender's pad of its choice, batch after batch", () => {
    expectBatches(parameters, sender, receiver, [1, 7, 128, 1000, 2 ** 14, 1025, 1]);
  });

  test("also with pads of 128 bits", () => {
    const wide: OtParameters = { choices, padBits: 128 };
    const dealt = dealOt(wide, encode("wide pads"), seededRng("wide pads"));
    expectBatches(wide, dealt.sender, dealt.receiver, [1, 7, 128, 1000, 2 ** 14, 1025, 1]);
  });
});

test("messages may come as parts of Buffers, anywhere in them, and are left as they are", () => {
  const parameters: OtParameters = { choices: 4, padBits: 16, fieldBits: 4 };
  const copies: [Buffer, string][] = [];
  const carried = (message: Uint8Array, offset: number): Buffer => {
    const part = Buffer.concat([Buffer.alloc(offset), message]).subarray(offset);
    copies.push([part, part.toString("hex")]);
    return part;
  };
  const [rng, context] = [seededRng("Buffers"), encode("Buffers")];
  const { setup, message } = startOtSender(parameters, context, rng);
  const started = startOtReceiver(parameters, context, carried(message, 1), rng);
  const [sender, receiver] = [setup.finish(carried(started.message, 3)), started.receiver];
  const challenge = sender.challenge(50, carried(receiver.extend(50), 1), rng);
  const { response, batch } = receiver.respond(carried(challenge, 2));
  expect(mismatches(parameters, batch, sender.verify(carried(response, 1)))).toBe(0);
  for (const [part, before] of copies) expect(part.toString("hex")).toBe(before);
});

function expectBatches(p: OtParameters, sender: OtSender, receiver: OtReceiver, counts: number[]) {
  let remaining = sender.remaining;
  for (const count of counts) {
    const { received, sent, messages } = runBatch(sender, receiver, count);
    expect(mismatches(p, received, sent)).toBe(0);
    expect([received.count, sent.count]).toEqual([count, count]);
    expect(sent.pads).toHaveLength((count * p.choices * p.padBits) / 16);
    const { correction, challenge, response } = otBatchBytes(p, count);
    expect(messages.map((m) => m.length)).toEqual([correction, challenge, response]);
    remaining -= count;
    expect([sender.remaining, receiver.remaining]).toEqual([remaining, remaining]);
  }
}

describe("fields of other sizes", () => {
  test.each([1, 4] as const)("k = %i", (fieldBits) => {
    const parameters: OtParameters = { choices: 16, padBits: 16, fieldBits };
    const { sender, receiver } = setUp(parameters, "fields");
    const { received, sent } = runBatch(sender, receiver, 1000);
    expect(mismatches(parameters, received, sent)).toBe(0);
  });

  test("k trades bytes for work: 29, 15 and 7 bytes per OT", () => {
    const bytes = ([1, 2, 4] as const).map((fieldBits) => {
      const { correction } = otBatchBytes({ choices: 16, padBits: 16, fieldBits }, 2 ** 17);
      return Math.floor(correction / 2 ** 17);
    });
    expect(bytes).toEqual([29, 14, 7]);
  });
});

/** Chi-square of counts against equal expectations. */
function chiSquare(counts: ArrayLike<number>): number {
  const all = Array.from(counts);
  const expected = all.reduce((sum, n) => sum + n, 0) / all.length;
  return all.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

describe("distribution", () => {
  const parameters: OtParameters = { choices: 16, padBits: 16 };
  const count = 2 ** 14;
  const { sender, receiver } = setUp(parameters, "distribution");
  const { received, sent } = runBatch(sender, receiver, count);

  test("choices are uniform over 16, also in pairs of neighbours", () => {
    const single = new Uint32Array(16);
    const pairs = new Uint32Array(256);
    for (let i = 0; i < count; i++) {
      single[received.choices[i]!]!++;
      if (i > 0) pairs[received.choices[i - 1]! * 16 + received.choices[i]!]!++;
    }
    expect(chiSquare(single)).toBeLessThan(45); // 15 degrees of freedom, p about 1e-4
    expect(chiSquare(pairs)).toBeLessThan(350); // 255 degrees of freedom
  });

  test("pads that were not chosen are uniform, and differ from the chosen one", () => {
    const bytes = new Uint32Array(256);
    const differences = new Uint32Array(256);
    let equal = 0;
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 16; c++) {
        if (c === received.choices[i]) continue;
        const pad = sent.pads[i * 16 + c]!;
        bytes[pad & 255]!++;
        bytes[pad >> 8]!++;
        const difference = pad ^ received.pads[i]!;
        differences[difference & 255]!++;
        if (difference === 0) equal++;
      }
    }
    expect(chiSquare(bytes)).toBeLessThan(350);
    expect(chiSquare(differences)).toBeLessThan(350);
    // 245,760 pairs of 16 bits: 3.75 equal ones expected.
    expect(equal).toBeLessThan(16);
  });

  test("each choice's pad is as likely to be the one received", () => {
    const slots = new Uint32Array(16);
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 16; c++) if (sent.pads[i * 16 + c] === received.pads[i]) slots[c]!++;
    }
    expect(chiSquare(slots)).toBeLessThan(45);
  });
});

describe("binding", () => {
  const parameters: OtParameters = { choices: 16, padBits: 16 };

  test("the same randomness in another context gives other messages and pads", () => {
    const digests = ["context a", "context b"].map((context) => {
      const { sender, receiver, messages } = setUp(parameters, context);
      const batch = runBatch(sender, receiver, 128);
      return [...messages, ...batch.messages.filter((_, i) => i !== 1), batch.sent.pads].map((m) =>
        Buffer.from(m.buffer, m.byteOffset, m.byteLength).toString("base64"),
      );
    });
    digests[0]!.forEach((digest, i) => {
      expect(digest).not.toBe(digests[1]![i]);
    });
  });

  test("two sides with different contexts do not meet", () => {
    const rng = seededRng("contexts");
    const { setup, message } = startOtSender(parameters, encode("a"), rng);
    const { message: reply } = startOtReceiver(parameters, encode("b"), message, rng);
    expect(() => setup.finish(reply)).toThrow(/PPRF check of the receiver/);
  });

  test("later batches and other challenges give other pads", () => {
    const { sender, receiver } = dealOt(parameters, encode("batches"), seededRng("deal"));
    const first = runBatch(sender, receiver, 64, "same challenge");
    const second = runBatch(sender, receiver, 64, "same challenge");
    expect(second.sent.pads).not.toEqual(first.sent.pads);
    const again = dealOt(parameters, encode("batches"), seededRng("deal"));
    const other = runBatch(again.sender, again.receiver, 64, "another challenge");
    expect(other.messages[0]).toEqual(first.messages[0]);
    expect(other.sent.pads).not.toEqual(first.sent.pads);
  });
});

describe("golden", () => {
  const parameterSets: OtParameters[] = [
    { choices: 2, padBits: 128 },
    { choices: 4, padBits: 16 },
    { choices: 16, padBits: 16 },
  ];
  test.each(parameterSets)("messages and pads, N = $choices, $padBits bits", (parameters) => {
    const { sender, receiver, messages } = setUp(parameters, "golden", "golden seed");
    const hash = createHash("sha256");
    for (const message of messages) hash.update(message);
    for (const count of [1, 300]) {
      const batch = runBatch(sender, receiver, count);
      for (const message of batch.messages) hash.update(message);
      const { choices, pads } = batch.received;
      hash.update(choices).update(pads).update(batch.sent.pads);
    }
    const name = `${parameters.choices}/${parameters.padBits}` as keyof typeof golden;
    expect(hash.digest("hex")).toBe(golden[name]);
  });
});
