/**
 * The people of the demo: synthetic, seeded, and as uneven as real ones.
 *
 * Nobody here exists. Each person has four hidden traits, about standard normal, correlated: *prudence*
 * (how he deals with debts), *affluence* (0.45 with prudence), *stability* of his circumstances (0.40
 * with prudence, more with age) and *activity* online (0.15 with affluence, less with age). Twenty
 * features over three platforms are noisy readings of these, in units and with the skews that one
 * meets: sums are log-normal, counts Poisson, shares logistic. A few cells are blank.
 *
 * Whether a person defaults is drawn from a logistic link,
 *
 *     logit P(bad) = −2.95 − 1.00·prudence − 0.40·affluence − 0.55·stability
 *
 * which makes about one in ten bad. Models see features, never traits: traits and noise are not kept.
 * Platforms know about 80, 69 and 61 % of the people, one in thirty is known to none; the more active
 * somebody is, the likelier each knows him.
 *
 * The same seed gives the same people on every machine, and fewer people are the first of more.
 */
import { seededRng } from "@moiety/crypto";
import { Draws } from "./draws.ts";
import { PLATFORMS, type Traits } from "./platforms.ts";

export interface Person {
  /** E.164, unique, made up: a Chinese mobile number, +86 13 and nine digits. */
  readonly phone: string;
  /** 1 if the person defaulted within a year, else 0. */
  readonly outcome: 0 | 1;
}

/** What one platform would export: its users, in an order of its own. */
export interface PlatformExport {
  readonly domain: string;
  /** Column names, the identifier's first. */
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Population {
  readonly people: readonly Person[];
  readonly platforms: readonly PlatformExport[];
}

export interface PopulationOptions {
  /** 1 to 1,000,000. */
  readonly people: number;
  readonly seed: string;
}

/** Numbers are distinct up to 10^9; memory is what bounds a demo. */
export const MAX_PEOPLE: number = 1_000_000;

/** Generates the people and what each platform knows of them. Throws a `RangeError` for a bad count. */
export function generatePopulation({ people: count, seed }: PopulationOptions): Population {
  if (!Number.isSafeInteger(count) || count < 1 || count > MAX_PEOPLE) {
    throw new RangeError(`people: a number within 1..${MAX_PEOPLE}, not ${count}`);
  }
  const rng = seededRng(`moiety demo population, ${seed}`);
  const phoneOf = phoneNumbers(new Draws(rng.fork("phones")));
  const draws = new Draws(rng.fork("people"));
  const people: Person[] = [];
  const exports = PLATFORMS.map(({ domain, columns }) => ({
    domain,
    header: columns,
    rows: [] as string[][],
  }));
  for (let i = 0; i < count; i++) {
    const traits = drawTraits(draws);
    const phone = phoneOf(i);
    people.push({ phone, outcome: draws.chance(riskOf(traits)) ? 1 : 0 });
    PLATFORMS.forEach((platform, p) => {
      const known = draws.chance(platform.reach(traits));
      const cells = platform.describe(traits, draws);
      if (known) exports[p]!.rows.push([platform.write(phone), ...cells]);
    });
  }
  return { people, platforms: exports };
}

/** A platform's CSV, line by line: header, then one person a line. */
export function* csvLines({ header, rows }: PlatformExport): Generator<string, void, undefined> {
  yield `${header.join(",")}\n`;
  for (const row of rows) yield `${row.join(",")}\n`;
}

/** The bank's list of whom to score, and the answers by which the demo judges: `phone,outcome`. */
export function* outcomeLines(people: readonly Person[]): Generator<string, void, undefined> {
  yield "phone,outcome\n";
  for (const { phone, outcome } of people) yield `${phone},${outcome}\n`;
}

function drawTraits(draws: Draws): Traits {
  const age = Math.min(75, 18 + Math.floor(-12 * Math.log(draws.uniform()) + 6 * draws.uniform()));
  const ageing = (age - 35) / 15;
  const prudence = draws.normal();
  const affluence = 0.45 * prudence + 0.89 * draws.normal();
  const stability = 0.4 * prudence + 0.25 * ageing + 0.85 * draws.normal();
  const activity = 0.15 * affluence - 0.35 * ageing + 0.92 * draws.normal();
  return { ageing, prudence, affluence, stability, activity };
}

function riskOf({ prudence, affluence, stability }: Traits): number {
  return 1 / (1 + Math.exp(2.95 + prudence + 0.4 * affluence + 0.55 * stability));
}

/**
 * Distinct numbers that look drawn: i ↦ (a·i + b) mod 10^9 is a bijection for a prime to 10, and the
 * nine digits follow +86 13.
 */
function phoneNumbers(draws: Draws): (i: number) => string {
  const step = 10 * Math.floor(draws.uniform() * 1e8) + 7;
  const start = Math.floor(draws.uniform() * 1e9);
  return (i) => `+8613${String((step * i + start) % 1e9).padStart(9, "0")}`;
}
