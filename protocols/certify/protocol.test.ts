import { constantTimeEqual } from "@moiety/crypto";
import { Misbehaviour, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { describe, expect, test } from "vitest";
import { application, certificateFor, isCertificate } from "../test-models.ts";
import { failureOf, outputOf, play } from "../test-world.ts";
import { type Application, bank, certify, supervisor, type Verdict } from "./protocol.ts";

interface Inputs {
  readonly bank: Application;
  readonly supervisor: undefined;
}

function granted(applied: Application): Verdict {
  return { certificate: certificateFor(applied), objections: [] };
}

/** The bank with what its README leaves to the caller: is it the certificate applied for? */
async function verifying(
  session: SessionOf<typeof certify, "bank">,
  applied: Application,
): Promise<Verdict> {
  const { certificate, objections } = await bank(session, applied);
  const culprit = session.party("supervisor");
  if (!isCertificate(certificate) || !constantTimeEqual(certificate, certificateFor(applied)))
    throw new Misbehaviour(culprit, "cheat", "certified something else");
  return { certificate: Uint8Array.from(certificate), objections };
}

conformance(certify, {
  inputs: [3, 1, 128].map((characteristics) => ({
    bank: application(characteristics),
    supervisor: undefined,
  })),
  roles: {
    bank: verifying,
    supervisor: (session, _: undefined) =>
      supervisor(session, { judge: async (_bank, applied) => granted(applied) }),
  },
  ideal: ({ bank: applied }: Inputs) => ({ bank: granted(applied), supervisor: undefined }),
  parameters: ({ bank: applied }) => ({
    scorecard: applied.scorecard.length,
    characteristics: applied.shareA.length / 32,
    certificate: certificateFor(applied).length,
  }),
});

describe("an application", () => {
  const judged = (verdict: Verdict) => {
    const heard: string[] = [];
    return play(certify, {
      bank: (session) => bank(session, application(1)),
      supervisor: async (session) => {
        await supervisor(session, {
          judge: async (name) => {
            heard.push(name);
            return verdict;
          },
        });
        return heard;
      },
    });
  };

  test("that is turned down comes back with the objections, from the party that applied", async () => {
    const objections = ["the greatest total is 1100, above 1023"];
    const ended = await judged({ certificate: new Uint8Array(), objections });
    expect(outputOf(ended.bank)).toEqual({ certificate: new Uint8Array(), objections });
    expect(outputOf(ended.supervisor)).toEqual(["bank"]);
  });

  test.each([
    ["nothing", { certificate: new Uint8Array(), objections: [] }],
    ["a certificate and objections", { certificate: new Uint8Array(9), objections: ["no"] }],
  ])("that is answered with %s ends in an error", async (_, verdict) => {
    const ended = await judged(verdict);
    expect(failureOf(ended.bank)).toMatchObject({ party: "supervisor", code: "malformed" });
  });
});
