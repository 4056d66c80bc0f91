/**
 * Logistic regression by iteratively reweighted least squares (Newton's method), with a ridge.
 * T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning (2nd ed., 2009), 4.4.1;
 * S. le Cessie, J. C. van Houwelingen, "Ridge Estimators in Logistic Regression", Applied Statistics 41
 * (1992), 191–201.
 */
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { FitError } from "./fit-error.ts";

/** A regressor that takes few values: those of its bins. Row i has `values[bins[i]]`. */
export interface BinnedRegressor {
  /** For messages. */
  readonly name: string;
  readonly bins: Uint8Array;
  readonly values: ArrayLike<number>;
}

export interface LogisticOptions {
  /** Penalty ½·ridge·Σβ² on the coefficients, the intercept's aside; 0 or more. Default 1. */
  readonly ridge?: number;
  /** Default 50. */
  readonly maxIterations?: number;
}

export interface LogisticFit {
  readonly intercept: number;
  /** One per regressor, as are the standard errors (from the penalised information matrix). */
  readonly coefficients: readonly number[];
  readonly standardErrors: readonly number[];
  readonly iterations: number;
}

/** Half the squared Newton decrement, per row, at which nothing is left to gain. */
const CONVERGED = 1e-15;
/** A regressor that moves log-odds by more than this is on its way to infinity. */
const DIVERGED = 40;
/** Share of a regressor's variance that the others must leave unexplained. */
const LEAST_OWN_VARIANCE = 1e-9;
const MAX_HALVINGS = 30;

/**
 * Fits P(target = 1) = 1 / (1 + exp(−intercept − Σ coefficient·value)). Sums run in the order of the
 * rows, so the same rows give the same bits.
 *
 * @throws FitError `one-class`, `separation` (only without ridge), `collinear`, `no-convergence`.
 */
export function fitLogistic(
  regressors: readonly BinnedRegressor[],
  targets: Uint8Array,
  { ridge = 1, maxIterations = 50 }: LogisticOptions = {},
): LogisticFit {
  const ones = targets.reduce((sum, target) => sum + target, 0);
  if (ones === 0 || ones === targets.length) {
    throw new FitError("one-class", "regression: needs both good and bad people");
  }
  if (!(ridge >= 0 && ridge <= 1e12)) throw new FitError("options", "ridge: give 0 or more");
  let beta = new Float64Array(regressors.length + 1);
  beta[0] = Math.log(ones / (targets.length - ones));
  let now = derivatives(regressors, targets, beta, ridge);
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const information = factorised(now.information, regressors, iteration);
    const step = information.solve(Matrix.columnVector(now.gradient)).to1DArray();
    const decrement = step.reduce((sum, s, j) => sum + s * now.gradient[j]!, 0);
    if (decrement / 2 <= CONVERGED * targets.length) {
      return converged(beta, information, iteration);
    }
    const start = { beta, objective: now.objective };
    for (let halving = 0, size = 1; ; halving++, size /= 2) {
      beta = start.beta.map((b, j) => b + size * step[j]!);
      now = derivatives(regressors, targets, beta, ridge);
      // Rounding makes the last steps' gains invisible; a loss of that size is none.
      const noise = 1e-12 * Math.abs(start.objective);
      if (now.objective >= start.objective - noise || halving === MAX_HALVINGS) break;
    }
    refuseInfinity(beta, regressors);
  }
  throw new FitError(
    "no-convergence",
    `regression: no convergence within ${maxIterations} steps; try a greater ridge`,
  );
}

interface Derivatives {
  /** Penalised log-likelihood. */
  readonly objective: number;
  readonly gradient: readonly number[];
  /** Negative Hessian, the intercept in row 0. */
  readonly information: Matrix;
}

function derivatives(
  regressors: readonly BinnedRegressor[],
  targets: Uint8Array,
  beta: Float64Array,
  ridge: number,
): Derivatives {
  const size = beta.length;
  const gradient = new Float64Array(size);
  const lower = Array.from({ length: size }, (_, j) => new Float64Array(j + 1));
  const row = new Float64Array(size);
  row[0] = 1;
  let objective = 0;
  for (let i = 0; i < targets.length; i++) {
    let logit = beta[0]!;
    for (let j = 1; j < size; j++) {
      const { bins, values } = regressors[j - 1]!;
      const x = values[bins[i]!]!;
      row[j] = x;
      logit += beta[j]! * x;
    }
    const p = 1 / (1 + Math.exp(-logit));
    const signed = targets[i] === 1 ? logit : -logit;
    // ln(1 / (1 + e^−s)), without overflow for s ≪ 0.
    objective -= signed > 0 ? Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed)) - signed;
    accumulate(row, targets[i]! - p, p * (1 - p), gradient, lower);
  }
  for (let j = 1; j < size; j++) {
    objective -= (ridge / 2) * beta[j]! ** 2;
    gradient[j]! -= ridge * beta[j]!;
    lower[j]![j]! += ridge;
  }
  const information = new Matrix(size, size);
  lower.forEach((entries, j) => {
    entries.forEach((entry, k) => {
      information.set(j, k, entry).set(k, j, entry);
    });
  });
  return { objective, gradient: [...gradient], information };
}

function accumulate(
  row: Float64Array,
  residual: number,
  weight: number,
  gradient: Float64Array,
  lower: readonly Float64Array[],
): void {
  for (let j = 0; j < row.length; j++) {
    const x = row[j]!;
    gradient[j]! += residual * x;
    const scaled = weight * x;
    const entries = lower[j]!;
    for (let k = 0; k <= j; k++) entries[k]! += scaled * row[k]!;
  }
}

/** Cholesky; a pivot that vanishes names the regressor that says nothing of its own. */
function factorised(
  information: Matrix,
  regressors: readonly BinnedRegressor[],
  iteration: number,
): CholeskyDecomposition {
  const cholesky = new CholeskyDecomposition(information);
  const { lowerTriangularMatrix: lower } = cholesky;
  for (let j = 0; j < information.rows; j++) {
    if (lower.get(j, j) ** 2 > LEAST_OWN_VARIANCE * information.get(j, j)) continue;
    // Weights p(1 − p) that vanish later on are a sign of separation, not of likeness.
    if (iteration > 1 || j === 0) throw separation("a combination of features");
    throw new FitError(
      "collinear",
      `regression: ${regressors[j - 1]!.name} says nothing that the features before it do not ` +
        "say; leave it out, or give a ridge above 0",
    );
  }
  return cholesky;
}

function refuseInfinity(beta: Float64Array, regressors: readonly BinnedRegressor[]): void {
  regressors.forEach(({ name, values }, j) => {
    const list = Array.from(values);
    const reach = Math.abs(beta[j + 1]!) * (Math.max(...list) - Math.min(...list));
    if (!(reach <= DIVERGED)) throw separation(name);
  });
}

function separation(culprit: string): FitError {
  return new FitError(
    "separation",
    `regression: ${culprit} separates good from bad perfectly, so its coefficient has no bound; ` +
      "leave out what was known only after the outcome, or give a ridge above 0",
  );
}

function converged(
  beta: Float64Array,
  information: CholeskyDecomposition,
  iterations: number,
): LogisticFit {
  const [intercept, ...coefficients] = beta;
  const covariance = information.solve(Matrix.eye(beta.length));
  const standardErrors = coefficients.map((_, j) => Math.sqrt(covariance.get(j + 1, j + 1)));
  return { intercept: intercept!, coefficients, standardErrors, iterations };
}
