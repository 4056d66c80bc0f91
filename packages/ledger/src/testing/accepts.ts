import { LedgerError } from "../ledger-error.ts";

/** Whether it throws nothing; any error but the typed one fails the test. */
export function accepts(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}
