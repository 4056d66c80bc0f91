import { framedHash } from "@moiety/crypto";
import { Refusal, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { describe, expect, test } from "vitest";
import { changing, failureOf, outputOf, play } from "../test-world.ts";
import { bureau, type Kind, type Notice, notice, sender } from "./protocol.ts";

interface Inputs {
  readonly sender: Notice;
  readonly bureau: undefined;
}

/** Stands for a signed document: what it says cannot be changed, its kind included. */
function document(kind: Kind, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(framedHash("test notice", Buffer.from(kind), Buffer.from(String(length))));
  return bytes;
}

/** What the bureau took, if it did. */
async function taking(session: SessionOf<typeof notice, "bureau">): Promise<Notice> {
  let taken: Notice | undefined;
  await bureau(session, {
    async take(kind, given) {
      const expected = given.length < 32 ? undefined : document(kind, given.length);
      if (expected === undefined || !Buffer.from(expected).equals(given)) return "forged";
      taken = { kind, document: Uint8Array.from(given) };
      return "";
    },
  });
  if (taken === undefined) throw new Refusal("refused", "not taken");
  return taken;
}

const given = (kind: Kind, length: number): Inputs => ({
  sender: { kind, document: document(kind, length) },
  bureau: undefined,
});

conformance(notice, {
  inputs: [given("attestation", 700), given("revocation", 32), given("revocation", 8 << 10)],
  roles: {
    async sender(session, input: Notice) {
      const problem = await sender(session, input);
      if (problem !== "") throw new Refusal("refused", "the bureau has a problem");
      return problem;
    },
    bureau: (session, _: undefined) => taking(session),
  },
  ideal: ({ sender: sent }: Inputs) => ({ sender: "", bureau: sent }),
  parameters: ({ sender: { kind, document: sent } }) => ({ kind, document: sent.length }),
});

describe("a notice", () => {
  const attestation: Notice = { kind: "attestation", document: document("attestation", 64) };

  test("that is not taken comes back with the reason; the bureau knows who sent it", async () => {
    const from: string[] = [];
    const ended = await play(notice, {
      sender: (session) => sender(session, attestation),
      bureau: (session) =>
        bureau(session, {
          async take(kind, _, name) {
            from.push(kind, name);
            return "another active key";
          },
        }),
    });
    expect(outputOf(ended.sender)).toBe("another active key");
    expect(from).toEqual(["attestation", "sender"]);
  });

  test("is acknowledged only when it is kept", async () => {
    const order: string[] = [];
    await play(notice, {
      async sender(session) {
        await sender(session, attestation);
        order.push("acknowledged");
      },
      bureau: (session) =>
        bureau(session, {
          async take() {
            for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
            order.push("kept");
            return "";
          },
        }),
    });
    expect(order).toEqual(["kept", "acknowledged"]);
  });

  test.each(["roster", "attestations", "constructor"])(
    "of the kind %s is refused",
    async (kind) => {
      let took = false;
      const ended = await play(notice, {
        sender: (session) => {
          const lying = changing(session, "send", (_, body) => ({ ...(body as Notice), kind }));
          return sender(lying, attestation);
        },
        bureau: (session) =>
          bureau(session, {
            async take() {
              took = true;
              return "";
            },
          }),
      });
      expect(took).toBe(false);
      expect(failureOf(ended.sender)).toMatchObject({ party: "bureau", code: "unsupported" });
    },
  );

  test.each([0, (8 << 10) + 1])("of %i bytes is not sent", async (length) => {
    const ended = await play(notice, {
      sender: (session) => sender(session, { ...attestation, document: new Uint8Array(length) }),
      bureau: taking,
    });
    expect(failureOf(ended.sender)).toMatchObject({ party: "sender", code: "internal" });
  });
});
