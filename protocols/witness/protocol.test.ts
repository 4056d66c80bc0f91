import { SigningKey, seededRng, sign, verify } from "@moiety/crypto";
import { Misbehaviour, Refusal, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { expect, test } from "vitest";
import { failureOf, play } from "../test-world.ts";
import {
  cosigner,
  log,
  MAX_BODY_BYTES,
  type WitnessReply,
  type WitnessRequest,
  witness,
} from "./protocol.ts";

/** In the place of notes: bytes with a signature, of the log under *ask*, of the witness under *reply*. */
const keyOf = (name: string) => new SigningKey(seededRng(`witness ${name}`).bytes(32));
const [logKey, witnessKey] = [keyOf("log"), keyOf("witness")];
const CONTEXT = "moiety/test/witness";
const signed = (key: SigningKey, text: string): Uint8Array => {
  const content = new Uint8Array(Buffer.from(text));
  return new Uint8Array(Buffer.concat([sign(key, CONTEXT, content), content]));
};
const isSigned = ({ verifyingKey }: SigningKey, body: Uint8Array): boolean =>
  body.length >= 64 && verify(verifyingKey, body.slice(0, 64), CONTEXT, body.slice(64));

interface Inputs {
  readonly log: WitnessRequest;
  /** What the witness answers to a request that is signed. */
  readonly witness: WitnessReply;
}

async function asking(
  session: SessionOf<typeof witness, "log">,
  request: WitnessRequest,
): Promise<WitnessReply> {
  const { outcome, body } = await log(session, request);
  const opened = outcome === "cosigned" || outcome === "latest";
  if (opened && !isSigned(witnessKey, body))
    throw new Misbehaviour(session.party("witness"), "cheat", "a wrong signature");
  return { outcome, body: Uint8Array.from(body) };
}

conformance(witness, {
  inputs: [
    {
      log: { purpose: "cosign", body: signed(logKey, "checkpoint 9") },
      witness: { outcome: "cosigned", body: signed(witnessKey, "line") },
    },
    {
      log: { purpose: "latest", body: signed(logKey, "checkpoint 7") },
      witness: { outcome: "latest", body: signed(witnessKey, "checkpoint 9".repeat(20)) },
    },
  ] satisfies Inputs[],
  roles: {
    log: asking,
    witness: (session, reply: WitnessReply) =>
      cosigner(session, {
        async answer(_, { body }) {
          if (!isSigned(logKey, body)) throw new Refusal("refused", "not signed by the log");
          return reply;
        },
      }),
  },
  ideal: ({ witness: reply }: Inputs) => ({ log: reply, witness: undefined }),
  parameters: ({ log: { purpose, body }, witness: { outcome, body: answer } }) => ({
    purpose,
    asked: body.length,
    outcome,
    replied: answer.length,
  }),
});

test("an answer to another question than the one that was asked is the witness's fault", async () => {
  const ended = await play(witness, {
    log: (session) => log(session, { purpose: "latest", body: new Uint8Array() }),
    witness: (session) =>
      cosigner(session, {
        answer: async () => ({ outcome: "cosigned", body: new Uint8Array(MAX_BODY_BYTES) }),
      }),
  });
  expect(failureOf(ended.log)).toMatchObject({ party: "witness", code: "malformed" });
});

test("the witness is told whose log asks", async () => {
  const told: string[] = [];
  await play(witness, {
    log: (session) => log(session, { purpose: "latest", body: new Uint8Array() }),
    witness: (session) =>
      cosigner(session, {
        async answer(name) {
          told.push(name);
          return { outcome: "latest", body: new Uint8Array() };
        },
      }),
  });
  expect(told).toEqual(["log"]);
});
