import { Refusal } from "@moiety/kit";
import type { NodeRole } from "./config.ts";
import type { Parties } from "./parties.ts";

/** Throws `Refusal` unless the roster, which must not have expired, gives `name` one of these roles. */
export function requireRole(
  { parties }: { readonly parties: Parties },
  name: string,
  ...roles: readonly NodeRole[]
): void {
  if (parties.expired) throw new Refusal("refused", "the roster has expired; install a newer one");
  if (parties.hasLapsed(name))
    throw new Refusal("refused", `the licence of ${name} has expired; the roster needs a new one`);
  if (!parties.has(name, ...roles))
    throw new Refusal("refused", `${name} is no ${roles.join(" or ")}`);
}
