import { seededRng } from "@moiety/crypto";
import { conformance, costFindings, type Specification, subjectOf } from "@moiety/lab";
import { expect, test } from "vitest";
import { dealBooks } from "../test-dealer.ts";
import { type Bureau, InquiryWorld, PROMISED, promisedBy, type Shape } from "../test-inquiries.ts";
import { bank, bureau, type ScoreCost, score } from "./protocol.ts";

type Inputs = Readonly<Record<"bank" | Bureau, InquiryWorld>>;

const rng = seededRng("score conforms");

/** Every other person is unknown to the first platform; the last platform has no deposit. */
function inputs(shape: Shape): Inputs {
  const world = new InquiryWorld(rng, shape);
  for (let domain = 0; domain < Math.max(1, shape.domains - 1); domain += 1)
    world.deposit(rng, domain, (person) => domain > 0 || person % 2 === 0);
  return { bank: world, a: world, b: world };
}

function lookupsOf({ people, domains, features }: Shape): number {
  return people * domains * features;
}

function playing(side: Bureau) {
  return (session: Parameters<typeof bureau>[0], world: InquiryWorld): Promise<number> => {
    // As many as are needed, in two batches: a change of what is named cannot name others.
    const count = lookupsOf(world.shape);
    const dealt = count > 1 ? [1, count - 1] : [1];
    const pads = dealBooks(seededRng("dealer"), ...dealt)[side];
    return bureau(
      session,
      world.bureauInput(side, pads, { isKnown: () => false, intend: async () => promisedBy(side) }),
    );
  };
}

const specification: Specification<"bank" | Bureau, typeof score.messages, ScoreCost, Inputs> = {
  inputs: [
    inputs({ people: 3, domains: 2, features: 2 }),
    inputs({ people: 1, domains: 1, features: 1 }),
    inputs({ people: 40, domains: 3, features: 5 }),
    inputs({ people: 2, domains: 16, features: 1 }),
    inputs({ people: 3, domains: 2, features: 1, consented: true }),
  ],
  roles: {
    bank: (session, world: InquiryWorld) => bank(session, world.bankInput()),
    a: playing("a"),
    b: playing("b"),
  },
  ideal: ({ bank: world }: Inputs) => ({
    bank: world.plainScores(),
    a: world.shape.people,
    b: world.shape.people,
  }),
  parameters: ({ bank: { shape, inquiry } }) => ({
    ...shape,
    consented: shape.consented === true,
    promised: PROMISED,
    purpose: inquiry.purpose,
    deposits: inquiry.deposits,
    lookups: lookupsOf(shape),
    segments: Math.min(2, lookupsOf(shape)),
  }),
  maxTamperings: 500,
};

conformance(score, specification);

test("a block whose fields are longer than 64 KiB sends what it declares", async () => {
  const block = inputs({ people: 750, domains: 3, features: 1 });
  const subject = subjectOf(score, { ...specification, inputs: [block] });
  expect(await costFindings(subject)).toEqual([]);
});
