/** Derived features: small arithmetic over the columns that one platform holds. */

/** A column's name, or an operation; see the README of this folder for what each operation means. */
export type Expression =
  | string
  | { readonly op: Operation; readonly of: readonly Expression[] }
  | { readonly op: "count"; readonly of: readonly Expression[]; readonly atLeast: number };

const OPERATIONS = ["sum", "mean", "max", "min", "difference", "ratio"] as const;
type Operation = (typeof OPERATIONS)[number];

/** Operations within operations. */
const MAX_DEPTH = 4;
const MAX_OPERANDS = 64;
/** Operations that take exactly two operands. */
const BINARY: ReadonlySet<string> = new Set(["difference", "ratio"]);

/** What is wrong with an expression: where in it, and what to do. */
export interface ExpressionProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Reads an expression from plain data: `PAY_0`, `{ max: [PAY_0, PAY_2] }`,
 * `{ count: [PAY_0, PAY_2], atLeast: 1 }`. Hostile input is bounded by depth and number of operands.
 */
export function parseExpression(value: unknown): Expression | ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  const expression = read(value, [], MAX_DEPTH, problems);
  return problems.length > 0 || expression === undefined ? problems : expression;
}

/** Every column that the expression reads, each once. */
export function columnsOf(expression: Expression): string[] {
  if (typeof expression === "string") return [expression];
  return [...new Set(expression.of.flatMap(columnsOf))];
}

/**
 * The value for one person; undefined when a column in it is missing or a divisor is not positive:
 * a share of nothing, or of a debt, says nothing.
 */
export function evaluate(
  expression: Expression,
  cellOf: (column: string) => number | undefined,
): number | undefined {
  if (typeof expression === "string") return cellOf(expression);
  const values = expression.of.map((operand) => evaluate(operand, cellOf));
  if (!values.every((value) => value !== undefined)) return undefined;
  const value = apply(expression, values);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

function apply(
  expression: Exclude<Expression, string>,
  values: readonly number[],
): number | undefined {
  const [first, second] = values as [number, number];
  const total = (): number => values.reduce((sum, value) => sum + value, 0);
  switch (expression.op) {
    case "sum":
      return total();
    case "mean":
      return total() / values.length;
    case "max":
      return Math.max(...values);
    case "min":
      return Math.min(...values);
    case "difference":
      return first - second;
    case "ratio":
      return second > 0 ? first / second : undefined;
    case "count":
      return values.filter((value) => value >= expression.atLeast).length;
  }
}

function read(
  value: unknown,
  path: readonly (string | number)[],
  depth: number,
  problems: ExpressionProblem[],
): Expression | undefined {
  const wrong = (message: string): undefined => {
    problems.push({ path, message });
    return undefined;
  };
  if (typeof value === "string") return value === "" ? wrong("write a column's name") : value;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return wrong("write a column's name or an operation such as { max: [COLUMN, COLUMN] }");
  const { atLeast, ...rest } = value as Record<string, unknown>;
  const [op, ...others] = Object.keys(rest);
  if (op === undefined || others.length > 0) return wrong("write exactly one operation");
  if (op !== "count" && !isOperation(op))
    return wrong(`unknown operation; there are ${OPERATIONS.join(", ")}, count`);
  if ((op === "count") !== (atLeast !== undefined))
    return wrong("atLeast belongs to count, and count needs it: the least value that counts");
  if (depth === 0) return wrong(`at most ${MAX_DEPTH} operations within each other`);
  const operands = rest[op];
  const size = Array.isArray(operands) ? operands.length : 0;
  if (size === 0 || size > MAX_OPERANDS || (BINARY.has(op) && size !== 2))
    return wrong(`${op} takes a list of ${BINARY.has(op) ? "two" : `1 to ${MAX_OPERANDS}`}`);
  const of: Expression[] = [];
  for (const [at, operand] of (operands as unknown[]).entries()) {
    const expression = read(operand, [...path, op, at], depth - 1, problems);
    if (expression !== undefined) of.push(expression);
  }
  if (op !== "count") return { op, of };
  return Number.isFinite(atLeast)
    ? { op, of, atLeast: atLeast as number }
    : wrong("atLeast: write a number");
}

function isOperation(name: string): name is Operation {
  return (OPERATIONS as readonly string[]).includes(name);
}
