import { Refusal } from "@moiety/kit";
import type { NodeRole } from "./config.ts";
import type { Parties } from "./parties.ts";

/** Throws `Refusal` unless the roster gives `name` one of these roles. */
export function requireRole(parties: Parties, name: string, ...roles: readonly NodeRole[]): void {
  if (Date.now() >= parties.expiresAt)
    throw new Refusal("refused", "the roster has expired; install a newer one and restart");
  if (!parties.has(name, ...roles))
    throw new Refusal("refused", `${name} is no ${roles.join(" or ")}`);
}
