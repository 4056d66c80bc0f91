import { constantTimeEqual } from "@moiety/crypto";
import { Refusal, type SessionOf } from "@moiety/kit";
import { conformance } from "@moiety/lab";
import { expect, test } from "vitest";
import { application, certificateFor, commitment, isCertificate } from "../test-models.ts";
import { outputOf, play } from "../test-world.ts";
import { bank, bureau, deploy, type ModelShare } from "./protocol.ts";

interface Inputs {
  readonly bank: ModelShare;
  readonly bureau: undefined;
}

/** What bureau A is to be given of a model. */
function shareOf(characteristics: number): ModelShare {
  const applied = application(characteristics);
  const { shareA: table, saltA: salt } = applied;
  return { certificate: certificateFor(applied), table, salt };
}

/** Bureau A: the share that it installed, if it did. */
async function installing(
  session: SessionOf<typeof deploy, "bureau">,
): Promise<ModelShare | undefined> {
  let installed: ModelShare | undefined;
  await bureau(session, {
    async install(_, { certificate, table, salt }) {
      if (!isCertificate(certificate)) return "no certificate of the supervisor";
      if (!constantTimeEqual(certificate.subarray(0, 32), commitment(table, salt)))
        return "another share than the certified one";
      const [kept, keptTable, keptSalt] = [certificate, table, salt].map((each) =>
        Uint8Array.from(each),
      ) as [Uint8Array, Uint8Array, Uint8Array];
      installed = { certificate: kept, table: keptTable, salt: keptSalt };
      return "";
    },
  });
  if (installed === undefined) throw new Refusal("refused", "not installed");
  return installed;
}

conformance(deploy, {
  inputs: [3, 1, 128].map((characteristics) => ({
    bank: shareOf(characteristics),
    bureau: undefined,
  })),
  roles: {
    async bank(session, share: ModelShare) {
      const objection = await bank(session, share);
      if (objection !== "") throw new Refusal("refused", "the bureau objects");
      return objection;
    },
    bureau: (session, _: undefined) => installing(session),
  },
  ideal: ({ bank: share }: Inputs) => ({ bank: "", bureau: share }),
  parameters: ({ bank: { certificate, table } }) => ({
    certificate: certificate.length,
    characteristics: table.length / 32,
  }),
});

test("an objection reaches the bank that deployed", async () => {
  const from: string[] = [];
  const ended = await play(deploy, {
    bank: (session) => bank(session, shareOf(2)),
    bureau: (session) =>
      bureau(session, {
        async install(name) {
          from.push(name);
          return "another share than the certified one";
        },
      }),
  });
  expect(outputOf(ended.bank)).toMatch(/another share/);
  expect(from).toEqual(["bank"]);
});
