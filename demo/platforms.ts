/**
 * How the demo's three platforms see a person: which features they compute, how noisily, whom they
 * know, and how they write a telephone number. The columns are those of data/catalogue-*.yaml.
 */
import type { Draws } from "./draws.ts";

/** A person's hidden traits, each about standard normal; `ageing` is age, centred and scaled. */
export interface Traits {
  readonly ageing: number;
  readonly prudence: number;
  readonly affluence: number;
  readonly stability: number;
  readonly activity: number;
}

interface Platform {
  readonly domain: string;
  /** Columns of its CSV, the identifier's first. */
  readonly columns: readonly string[];
  /** How it writes a number given as +86 and eleven digits. */
  readonly write: (phone: string) => string;
  /** Probability that it knows the person. */
  readonly reach: (traits: Traits) => number;
  /** One cell per feature; draws as often whoever the person is. */
  readonly describe: (traits: Traits, draws: Draws) => string[];
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** A log-normal sum with two decimals. */
const sum = (draws: Draws, mean: number, noise: number): string =>
  Math.exp(mean + noise * draws.normal()).toFixed(2);
/** A logistic share with three decimals. */
const share = (draws: Draws, mean: number, noise: number): string =>
  logistic(mean + noise * draws.normal()).toFixed(3);
/** A count whose mean is log-normal: more spread than Poisson, as counts of people are. */
const count = (draws: Draws, mean: number, noise: number, most: number): string =>
  String(draws.poisson(Math.exp(mean + noise * draws.normal()), most));
/** Whole months, log-normal, at most 20 years. */
const months = (draws: Draws, mean: number, noise: number): string =>
  String(Math.min(240, Math.floor(Math.exp(mean + noise * draws.normal()))));
/** Blanks a cell with this probability: no platform knows all it could. */
const perhaps = (draws: Draws, missing: number, cell: string): string =>
  draws.chance(missing) ? "" : cell;

const telecom: Platform = {
  domain: "telecom",
  columns: [
    "msisdn",
    "tenure_months",
    "monthly_bill_cny",
    "late_payments_12m",
    "suspensions_24m",
    "data_gb_month",
    "night_call_share",
    "plan",
  ],
  write: (phone) => phone,
  reach: (t) => logistic(1.35 + 0.25 * t.activity + 0.2 * t.stability),
  describe: (t, draws) => [
    months(draws, 3.4 + 0.55 * t.stability + 0.25 * t.ageing, 0.6),
    sum(draws, 4.2 + 0.35 * t.affluence + 0.1 * t.activity, 0.4),
    perhaps(draws, 0.02, count(draws, -0.35 - 0.7 * t.prudence - 0.2 * t.affluence, 0.5, 12)),
    count(draws, -1.9 - 0.8 * t.prudence - 0.3 * t.stability, 0.5, 6),
    perhaps(draws, 0.04, sum(draws, 2.3 + 0.6 * t.activity - 0.2 * t.ageing, 0.5)),
    perhaps(draws, 0.06, share(draws, -1.7 - 0.35 * t.stability - 0.15 * t.prudence, 0.6)),
    draws.pick({
      prepaid: Math.exp(0.3 - 0.6 * t.stability - 0.4 * t.affluence),
      postpaid: 1.2,
      family: Math.exp(-0.7 + 0.6 * t.stability + 0.2 * t.ageing),
      business: Math.exp(-1.6 + 0.7 * t.affluence),
      trial: 0.06,
    }),
  ],
};

const payments: Platform = {
  domain: "payments",
  columns: [
    "phone",
    "balance_cny",
    "inflow_cny_month",
    "inflow_regularity",
    "bills_on_time",
    "cash_advances_6m",
    "merchants_month",
    "standing_orders",
  ],
  write: (phone) => `0086 ${phone.slice(3, 6)} ${phone.slice(6, 10)} ${phone.slice(10)}`,
  reach: (t) => logistic(0.85 + 0.6 * t.activity + 0.2 * t.affluence),
  describe: (t, draws) => [
    sum(draws, 6.9 + 0.6 * t.prudence + 0.7 * t.affluence, 0.8),
    perhaps(draws, 0.03, sum(draws, 8.6 + 0.55 * t.affluence + 0.1 * t.stability, 0.35)),
    perhaps(draws, 0.03, share(draws, 0.7 + 0.75 * t.stability + 0.2 * t.prudence, 0.7)),
    perhaps(draws, 0.05, share(draws, 2.1 + 0.8 * t.prudence + 0.3 * t.stability, 0.6)),
    count(draws, -1 - 0.65 * t.prudence - 0.35 * t.affluence, 0.6, 15),
    count(draws, 2.2 + 0.4 * t.activity + 0.15 * t.affluence, 0.3, 90),
    perhaps(
      draws,
      0.04,
      draws.pick({
        none: Math.exp(0.4 - 0.4 * t.stability - 0.3 * t.prudence),
        utilities: 1,
        rent: Math.exp(-1.3 + 0.1 * t.stability),
        utilities_and_rent: Math.exp(-1.1 + 0.3 * t.stability),
        savings: Math.exp(-1.3 + 0.6 * t.prudence + 0.4 * t.affluence),
      }),
    ),
  ],
};

const marketplace: Platform = {
  domain: "marketplace",
  columns: [
    "buyer_phone",
    "account_months",
    "orders_12m",
    "basket_cny",
    "return_rate",
    "essentials_share",
    "address_changes_24m",
  ],
  write: (phone) => `${phone.slice(3, 6)}-${phone.slice(6, 10)}-${phone.slice(10)}`,
  reach: (t) => logistic(0.45 + 0.9 * t.activity),
  describe: (t, draws) => [
    months(draws, 3.3 + 0.3 * t.stability + 0.3 * t.activity, 0.6),
    count(draws, 2.9 + 0.6 * t.activity + 0.15 * t.affluence, 0.4, 400),
    perhaps(draws, 0.03, sum(draws, 4.5 + 0.45 * t.affluence, 0.45)),
    perhaps(draws, 0.03, share(draws, -2.4 - 0.35 * t.prudence + 0.15 * t.activity, 0.6)),
    perhaps(draws, 0.05, share(draws, -0.4 + 0.35 * t.prudence + 0.35 * t.stability, 0.6)),
    count(draws, -0.5 - 0.6 * t.stability - 0.15 * t.prudence, 0.4, 9),
  ],
};

/** The three platforms of the demo. */
export const PLATFORMS: readonly Platform[] = [telecom, payments, marketplace];
