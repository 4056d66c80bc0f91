/** One inquiry from beginning to end, with anybody replaced by somebody else. */
import { type SeededRng, seededRng } from "@moiety/crypto";
import type { SessionOf } from "@moiety/kit";
import { type BankInput, type BureauInput, bank, bureau, score } from "./score/protocol.ts";
import { type DealtPads, dealBooks } from "./test-dealer.ts";
import { BUREAUS, type Bureau, InquiryWorld, type Shape } from "./test-inquiries.ts";
import { play } from "./test-world.ts";

export const SMALL: Shape = { people: 3, domains: 2, features: 2 };

export type BankSession = SessionOf<typeof score, "bank">;
export type BureauSession = SessionOf<typeof score, Bureau>;

export interface Setting {
  readonly world: InquiryWorld;
  readonly pads: Readonly<Record<Bureau, DealtPads>>;
}

export function setting(shape: Shape = SMALL, rng: SeededRng = seededRng("inquiries")): Setting {
  const world = new InquiryWorld(rng, shape);
  for (let domain = 0; domain < shape.domains; domain += 1) world.deposit(rng, domain);
  const lookups = shape.people * shape.domains * shape.features;
  return { world, pads: dealBooks(rng, 2 * lookups) };
}

export interface Changes {
  readonly bank?: Partial<BankInput>;
  readonly a?: Partial<BureauInput>;
  readonly b?: Partial<BureauInput>;
  /** Played instead of the honest role. */
  readonly roles?: {
    readonly bank?: (session: BankSession) => Promise<unknown>;
    readonly a?: (session: BureauSession) => Promise<unknown>;
    readonly b?: (session: BureauSession) => Promise<unknown>;
  };
}

export function inquire({ world, pads }: Setting, { roles, ...changed }: Changes = {}) {
  const asBureau = (side: Bureau) => (session: BureauSession) =>
    roles?.[side]?.(session) ?? bureau(session, world.bureauInput(side, pads[side], changed[side]));
  return play(score, {
    bank: (session: BankSession): Promise<unknown> =>
      roles?.bank?.(session) ?? bank(session, world.bankInput(changed.bank)),
    a: asBureau("a"),
    b: asBureau("b"),
  });
}

/** Random OTs that are left at both bureaus: an inquiry that is refused costs none. */
export function levels({ pads }: Setting): number[] {
  return BUREAUS.map((side) => pads[side].receiver.level);
}
