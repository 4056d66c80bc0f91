/** From when to when a roster counts. */
import { timeOf } from "@moiety/policy";

const YEARS = 2;
/** As certificates: nodes whose clocks are behind must not find it in their future. */
const BACKDATED_MS = 3_600_000;

/** Two years from an hour before `now`, as a roster writes times. */
export function rosterTimes(now: Date): { readonly issuedAt: string; readonly expiresAt: string } {
  const issued = new Date(now.getTime() - BACKDATED_MS);
  const expires = new Date(issued);
  expires.setUTCFullYear(issued.getUTCFullYear() + YEARS);
  return { issuedAt: timeOf(issued.getTime()), expiresAt: timeOf(expires.getTime()) };
}
