/** What the transport tells its surroundings: addresses, names and reasons, never content. */
import type { PartyName } from "@moiety/kit";
import type { Refusal } from "./refusal.ts";

export type TransportEvent =
  /** `address` is where an accepted link came from. */
  | { readonly kind: "link-up"; readonly peer: PartyName; readonly address?: string }
  | { readonly kind: "link-down"; readonly peer: PartyName; readonly reason: string }
  /** A listener did not let somebody in. `peer` is known only after its certificate was accepted. */
  | {
      readonly kind: "refused";
      readonly address: string;
      readonly reason: Refusal;
      readonly peer?: PartyName;
    }
  /** A dialer could not connect, and will try again. */
  | {
      readonly kind: "dial-failed";
      readonly peer: PartyName;
      readonly reason: string;
      readonly retryInMs: number;
    };

export type TransportLog = (event: TransportEvent) => void;
