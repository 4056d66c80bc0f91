/** The protocols in which a bureau takes documents of persons, and consents of banks. */
import { Refusal, type Service, service } from "@moiety/kit";
import { consent, notice, type pseudonym } from "@moiety/protocols";
import type { NodeContext } from "../../context.ts";
import { requireRole } from "../../roles.ts";
import type { ConsentDesk } from "./consent-desk.ts";

export interface ConsentServicesParts {
  readonly context: NodeContext;
  readonly desk: ConsentDesk;
  readonly side: "a" | "b";
  /** Throws `Refusal` unless these are the bureaus of the roster. */
  readonly requireBureaus: (named: { readonly a: string; readonly b: string }) => void;
  /** What this bureau evaluates for a bank, and how. */
  readonly evaluator: (client: string) => pseudonym.BureauInput;
}

export function consentServices(parts: ConsentServicesParts): Service[] {
  const { context, desk, side, requireBureaus, evaluator } = parts;
  const { parties } = context;
  return [
    service(
      notice.notice,
      "bureau",
      ({ sender }) => requireRole(context, sender, "platform", "bank", "supervisor"),
      (session) => notice.bureau(session, { take: (kind, document) => desk.take(kind, document) }),
    ),
    service(
      consent.consent,
      side,
      (named) => {
        requireBureaus(named);
        requireRole(context, named.bank, "bank");
      },
      async (session) => {
        await consent.bureau(session, {
          ...evaluator(session.party("bank")),
          consentDomain: parties.roster.consentDomain ?? "",
          published: ({ domain, epoch }) => {
            const keys = parties.keysOf(domain, epoch);
            if (keys !== undefined) return keys;
            throw new Refusal("conflict", `no key for ${domain} in epoch ${epoch}`);
          },
          register: (bank, domains, people) => desk.register(bank, domains, people),
        });
      },
    ),
  ];
}
