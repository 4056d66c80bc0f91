import { describe, expect, it } from "vitest";
import { FitError } from "./fit-error.ts";
import { type BinnedRegressor, fitLogistic } from "./logistic.ts";
import { madeUpSample, uniform } from "./testing/samples.ts";

/** Regressors with arbitrary values per bin, and targets that depend on them. */
function problem(seed: string, people: number, count: number) {
  const { columns, outcomes } = madeUpSample(
    seed,
    people,
    Array.from({ length: count }, (_, j) => 0.3 - 0.2 * j),
  );
  const next = uniform(`${seed} values`);
  const regressors = columns.map(({ bins, feature }): BinnedRegressor => {
    return { name: feature.name, bins, values: Array.from({ length: 7 }, () => 4 * next() - 2) };
  });
  return { regressors, targets: outcomes };
}

/** The same fit by accelerated gradient descent on the penalised likelihood, as plainly as can be. */
function descend(regressors: readonly BinnedRegressor[], targets: Uint8Array, ridge: number) {
  const x = Array.from(targets, (_, i) => [1, ...regressors.map((r) => r.values[r.bins[i]!]!)]);
  const size = regressors.length + 1;
  const reach = x.reduce((sum, row) => sum + row.reduce((s, v) => s + v * v, 0), 0);
  const rate = 1 / (reach / 4 + ridge);
  let [beta, before] = [new Array<number>(size).fill(0), new Array<number>(size).fill(0)];
  for (let step = 1; step <= 4000; step++) {
    const ahead = beta.map((b, j) => b + ((step - 1) / (step + 2)) * (b - before[j]!));
    const gradient = ahead.map((b, j) => (j === 0 ? 0 : -ridge * b));
    x.forEach((row, i) => {
      const logit = row.reduce((sum, v, j) => sum + v * ahead[j]!, 0);
      const residual = targets[i]! - 1 / (1 + Math.exp(-logit));
      row.forEach((v, j) => {
        gradient[j]! += residual * v;
      });
    });
    [before, beta] = [beta, ahead.map((b, j) => b + rate * gradient[j]!)];
  }
  return beta;
}

describe("fitLogistic", () => {
  it.each([0, 1, 25])("agrees with gradient descent, ridge %d", (ridge) => {
    const { regressors, targets } = problem("descent", 300, 3);
    const fit = fitLogistic(regressors, targets, { ridge });
    const [intercept, ...coefficients] = descend(regressors, targets, ridge);
    expect(fit.intercept).toBeCloseTo(intercept!, 6);
    fit.coefficients.forEach((coefficient, j) => {
      expect(coefficient).toBeCloseTo(coefficients[j]!, 6);
    });
  });

  it("has the closed form's coefficient and standard error for a 2 × 2 table", () => {
    // Bin 0: 30 ones, 10 zeros; bin 1: 15 ones, 45 zeros. Log odds ratio, and Woolf's error of it.
    const bins = Uint8Array.from({ length: 100 }, (_, i) => (i < 40 ? 0 : 1));
    const targets = Uint8Array.from({ length: 100 }, (_, i) =>
      i < 30 || (i >= 40 && i < 55) ? 1 : 0,
    );
    const fit = fitLogistic([{ name: "x", bins, values: [0, 1] }], targets, { ridge: 0 });
    expect(fit.intercept).toBeCloseTo(Math.log(30 / 10), 9);
    expect(fit.coefficients[0]).toBeCloseTo(Math.log(15 / 45) - Math.log(30 / 10), 9);
    expect(fit.standardErrors[0]).toBeCloseTo(Math.sqrt(1 / 30 + 1 / 10 + 1 / 15 + 1 / 45), 7);
  });

  it("sets the intercept to the log-odds when there is nothing else", () => {
    const fit = fitLogistic([], Uint8Array.from([1, 1, 1, 0]));
    expect(fit.intercept).toBeCloseTo(Math.log(3), 10);
  });

  it("expects as many ones as there are", () => {
    const { regressors, targets } = problem("calibrated", 500, 4);
    const { intercept, coefficients } = fitLogistic(regressors, targets, { ridge: 5 });
    const expected = Array.from(targets, (_, i) => {
      const logit = regressors.reduce(
        (s, r, j) => s + coefficients[j]! * r.values[r.bins[i]!]!,
        intercept,
      );
      return 1 / (1 + Math.exp(-logit));
    }).reduce((a, b) => a + b, 0);
    expect(expected).toBeCloseTo(
      targets.reduce((a, b) => a + b, 0),
      6,
    );
  });

  const code = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      if (error instanceof FitError) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "fitted";
  };

  it("names what it cannot do", () => {
    const targets = Uint8Array.from({ length: 60 }, (_, i) => (i < 20 ? 1 : 0));
    const oracle = { name: "telecom/oracle", bins: targets, values: [0, 1] };
    expect(code(() => fitLogistic([], new Uint8Array(5)))).toContain("one-class");
    expect(code(() => fitLogistic([oracle], targets, { ridge: 0 }))).toMatch(
      /^separation: .*telecom\/oracle/,
    );
    expect(code(() => fitLogistic([oracle], targets, { ridge: 0.1 }))).toBe("fitted");
    const { regressors, targets: others } = problem("twins", 200, 1);
    const twins = [...regressors, { ...regressors[0]!, name: "telecom/twin" }];
    expect(code(() => fitLogistic(twins, others, { ridge: 0 }))).toMatch(
      /^collinear: .*telecom\/twin/,
    );
    expect(code(() => fitLogistic(twins, others, { ridge: 1 }))).toBe("fitted");
    const flat = { name: "flat", bins: new Uint8Array(60), values: [0, 1] };
    expect(code(() => fitLogistic([flat], targets, { ridge: 0 }))).toContain("collinear");
    expect(code(() => fitLogistic([], targets, { ridge: -1 }))).toContain("options");
    expect(code(() => fitLogistic(regressors, others, { maxIterations: 1 }))).toContain(
      "no-convergence",
    );
  });
});
