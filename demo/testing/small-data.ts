/** A small made-up data set and its mapping, for tests. */

/** 300 people or as many as asked for; whoever pays late and earns little defaults more often. */
export function smallData(people = 300): string {
  const rows = Array.from({ length: people }, (_, i) => {
    // Low-discrepancy sequences: even, and the same on every machine.
    const spread = (step: number): number => (i * step) % 1;
    const late = Math.floor(5 * spread(0.618034)) - 1;
    const income = Math.round(1000 + 9000 * spread(0.754878));
    const limit = Math.round(5000 + 45_000 * spread(0.569841));
    const bill = i % 17 === 0 ? 0 : Math.round(limit * spread(0.819173));
    const risk = 0.1 + 0.15 * late + 0.25 * (1 - income / 10_000) + spread(0.414214) - 0.5;
    const region = ["north", "south", "", "isle"][i % 4]!;
    const limitCell = i % 29 === 0 ? "n/a" : String(limit);
    return [`p-${i}`, limitCell, bill, late, income, region, risk > 0.2 ? "yes" : "no"].join(",");
  });
  return ["id,limit,bill,late,income,region,defaulted", ...rows, ""].join("\n");
}

/** `limit` and `bill` are one platform's, the others another's. */
export const SMALL_MAPPING: string = `
name: small
missing: ["n/a"]
target: { column: defaulted, bad: ["yes"], good: ["no"] }
identifier: { column: id }
split: { seed: "test", holdout: 0.3 }
purposes: [credit-origination]
bank:
  model: { name: small-loans }
platforms:
  - domain: cards
    columns: [limit, bill]
    features:
      - { name: limit, type: integer, unit: EUR, meaning: Limit., column: limit, bins: { quantiles: 6 } }
      - name: utilisation
        type: number
        unit: share
        meaning: Bill as a share of the limit.
        derive: { ratio: [bill, limit] }
        bins: { quantiles: 8, special: [0] }
  - domain: payroll
    columns: [late, income, region]
    features:
      - name: late
        type: category
        unit: months
        meaning: "-1 early, 0 in time, more: late."
        column: late
        bins: { categories: [[-1], [0], [1], [2, 3]] }
      - name: income
        type: number
        unit: EUR
        meaning: Income.
        trend: up
        column: income
        bins: { edges: [2000, 4000, 6000, 8000] }
      - name: region
        type: category
        unit: none
        meaning: Region.
        column: region
        bins: { categories: [[north], ["*"]] }
`;
