import { conformance } from "@moiety/lab";
import { expect, test } from "vitest";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { bank, bureau, type InquiryRecord, MAX_RECEIPT_BYTES, record } from "./protocol.ts";

interface Inputs {
  readonly bank: Uint8Array;
  readonly bureau: InquiryRecord;
}

const id = new Uint8Array(16).fill(7);
const found = (receipt: number, reason = ""): InquiryRecord => ({
  reason,
  receipt: new Uint8Array(receipt).fill(3),
});
/** Each field as plain bytes, for the comparison of outputs. */
const copied = ({ reason, receipt }: InquiryRecord): InquiryRecord => ({
  reason,
  receipt: Uint8Array.from(receipt),
});

conformance(record, {
  inputs: [0, 1, 700, MAX_RECEIPT_BYTES].map((receipt) => ({ bank: id, bureau: found(receipt) })),
  roles: {
    bank: async (session, inquiry: Uint8Array) => copied(await bank(session, inquiry)),
    bureau: (session, own: InquiryRecord) => bureau(session, { find: () => own }),
  },
  ideal: ({ bureau: own }: Inputs) => ({ bank: own, bureau: undefined }),
  parameters: ({ bureau: { receipt } }) => ({ receipt: receipt.length }),
  undetected: [
    { message: "answer", field: "reason", why: "words for the bank, on which nothing depends" },
    {
      message: "answer",
      field: "receipt",
      why: "the caller verifies it against roster and promise",
    },
  ],
});

test("a bureau looks for the inquiry among those of the bank that asks", async () => {
  const asked: [string, Uint8Array][] = [];
  const ended = await play(record, {
    bank: (session) => bank(session, id),
    bureau: (session) =>
      bureau(session, {
        find(name, inquiry) {
          asked.push([name, Uint8Array.from(inquiry)]);
          return found(0, "consent-expired (person 1 of the inquiry): ask for a new one");
        },
      }),
  });
  expect(outputOf(ended.bank).reason).toMatch(/^consent-expired/);
  expect(asked).toEqual([["bank", id]]);
});

test("an id of another length is nobody's, and is not looked for", async () => {
  let looked = false;
  const ended = await play(record, {
    bank: (session) =>
      bank(
        changing(session, "send", () => ({ inquiry: new Uint8Array(15) })),
        id,
      ),
    bureau: (session) =>
      bureau(session, {
        find() {
          looked = true;
          return found(0);
        },
      }),
  });
  expect(failureOf(ended.bank)).toBeDefined();
  expect(failureOf(ended.bureau)).toBeDefined();
  expect(looked).toBe(false);
});
