/** Catalogues with which `moiety init` starts when it is given none: small, to be edited. */
export const STARTER_CATALOGUES: readonly string[] = [
  `# What the telephone company publishes: edit features and bins before the first deposit.
domain: telecom
version: 1
identifier: { type: phone, column: phone }
features:
  - name: tenure_months
    type: integer
    unit: months
    meaning: Whole months since the contract began.
    freshness: P31D
    purposes: [credit-application]
    bins: { edges: [6, 12, 24, 48, 96] }
  - name: late_payments_12m
    type: integer
    unit: payments
    meaning: Bills paid after their due date in the last twelve months.
    freshness: P31D
    purposes: [credit-application]
    bins: { edges: [1, 2, 4] }
`,
  `# What the payments company publishes.
domain: payments
version: 1
identifier: { type: phone, column: phone }
features:
  - name: monthly_inflow
    type: number
    unit: currency a month
    meaning: Mean incoming payments of the last six months.
    freshness: P31D
    purposes: [credit-application]
    bins: { edges: [500, 1000, 2000, 4000, 8000] }
`,
  `# What the marketplace publishes.
domain: marketplace
version: 1
identifier: { type: phone, column: phone }
features:
  - name: orders_12m
    type: integer
    unit: orders
    meaning: Orders of the last twelve months.
    freshness: P31D
    purposes: [credit-application]
    bins: { edges: [1, 6, 24] }
  - name: membership
    type: category
    unit: level
    meaning: Level of membership.
    freshness: P31D
    purposes: [credit-application]
    bins: { categories: [[none], [silver], [gold, platinum]] }
`,
];
