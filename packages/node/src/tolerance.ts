/** Difference between two parties' clocks that all of this puts up with. */
export const CLOCK_TOLERANCE_MS: number = 600_000;
