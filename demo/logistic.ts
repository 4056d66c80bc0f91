/** Logistic regression in the clear, for the demo's scorecard. */

interface LogisticFit {
  readonly intercept: number;
  /** One per column. */
  readonly weights: readonly number[];
}

/** Steps of Newton's method; it has converged to the last digit long before. */
const STEPS = 12;
/** Ridge penalty on the weights, keeps the normal equations solvable when columns are alike. */
const RIDGE = 1;

/**
 * Fits P(target = 1) = 1 / (1 + exp(−intercept − Σ weight·column)) by Newton's method (iteratively
 * reweighted least squares; Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 4.4.1).
 *
 * @param columns of equal length; `targets` are 0 or 1.
 */
export function newtonLogistic(columns: readonly Float64Array[], targets: Uint8Array): LogisticFit {
  const ones = new Float64Array(targets.length).fill(1);
  const design = [ones, ...columns];
  const size = design.length;
  const coefficients = new Float64Array(size);
  for (let step = 0; step < STEPS; step++) {
    const gradient = new Float64Array(size);
    const hessian = Array.from({ length: size }, () => new Float64Array(size));
    for (let i = 0; i < targets.length; i++)
      addPerson(design, i, targets[i]!, coefficients, gradient, hessian);
    for (let j = 1; j < size; j++) {
      gradient[j]! -= RIDGE * coefficients[j]!;
      hessian[j]![j]! += RIDGE;
    }
    const change = solve(hessian, gradient);
    for (let j = 0; j < size; j++) coefficients[j]! += change[j]!;
  }
  const [intercept, ...weights] = coefficients;
  return { intercept: intercept!, weights };
}

function addPerson(
  design: readonly Float64Array[],
  i: number,
  target: number,
  coefficients: Float64Array,
  gradient: Float64Array,
  hessian: readonly Float64Array[],
): void {
  let logit = 0;
  for (let j = 0; j < design.length; j++) logit += coefficients[j]! * design[j]![i]!;
  const p = 1 / (1 + Math.exp(-logit));
  for (let j = 0; j < design.length; j++) {
    const x = design[j]![i]!;
    gradient[j]! += (target - p) * x;
    const scaled = p * (1 - p) * x;
    const row = hessian[j]!;
    for (let k = 0; k <= j; k++) row[k]! += scaled * design[k]![i]!;
  }
}

/** Solves H·x = g for symmetric positive definite H, given by its lower half, by Cholesky. */
function solve(h: readonly Float64Array[], g: Float64Array): Float64Array {
  const size = g.length;
  const lower = h.map((row) => Float64Array.from(row));
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < j; k++) lower[j]![j]! -= lower[j]![k]! ** 2;
    lower[j]![j] = Math.sqrt(lower[j]![j]!);
    for (let i = j + 1; i < size; i++) {
      for (let k = 0; k < j; k++) lower[i]![j]! -= lower[i]![k]! * lower[j]![k]!;
      lower[i]![j]! /= lower[j]![j]!;
    }
  }
  const x = Float64Array.from(g);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}
