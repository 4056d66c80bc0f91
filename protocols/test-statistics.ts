/** Chi-square tests for the tests: is something as uniform, or as alike, as it is claimed to be? */

/** How many standard deviations from what was expected are still taken for chance (p < 10^-6). */
export const SIGMAS: number = 5;

/**
 * Chi-square against the uniform distribution, as a number of standard deviations (Wilson and
 * Hilferty's cube-root approximation). Far below zero is as suspect as far above: too even is not
 * random either.
 */
export function uniformDeviation(counts: ArrayLike<number>): number {
  const total = sum(counts);
  const expected = total / counts.length;
  let chi = 0;
  for (let i = 0; i < counts.length; i += 1)
    chi += ((counts[i] as number) - expected) ** 2 / expected;
  return deviation(chi, counts.length - 1);
}

/** Chi-square of two samples against each other: were they drawn from one distribution? */
export function sameDeviation(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [n, m] = [sum(first), sum(second)];
  let chi = 0;
  let cells = 0;
  for (let i = 0; i < first.length; i += 1) {
    const [x, y] = [first[i] as number, second[i] as number];
    if (x + y === 0) continue;
    chi += (x * Math.sqrt(m / n) - y * Math.sqrt(n / m)) ** 2 / (x + y);
    cells += 1;
  }
  return deviation(chi, Math.max(1, cells - 1));
}

/** Deviation of `hits` out of `trials` from what a probability promises. */
export function rateDeviation(hits: number, trials: number, probability: number): number {
  return (hits - trials * probability) / Math.sqrt(trials * probability * (1 - probability));
}

function deviation(chi: number, freedom: number): number {
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(chi / freedom) - (1 - spread)) / Math.sqrt(spread);
}

function sum(counts: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < counts.length; i += 1) total += counts[i] as number;
  return total;
}
