import { seededRng } from "@moiety/crypto";
import { canonicalIdentifier } from "@moiety/model";
import { describe, expect, it } from "vitest";
import { Draws } from "./draws.ts";
import { csvLines, generatePopulation, outcomeLines, type PlatformExport } from "./population.ts";

const PEOPLE = 4000;
const population = generatePopulation({ people: PEOPLE, seed: "tests" });

const exportOf = (domain: string): PlatformExport =>
  population.platforms.find((platform) => platform.domain === domain)!;

/** Who a platform's rows are about, as E.164. */
const phonesOf = ({ rows }: PlatformExport): string[] =>
  rows.map(([cell]) => {
    const identifier = canonicalIdentifier("phone", cell!, { region: "CN" });
    return identifier.ok ? new TextDecoder().decode(identifier.bytes).slice("phone:".length) : "";
  });

describe("generatePopulation", () => {
  it("gives the same people for the same seed, and others for another", () => {
    expect(generatePopulation({ people: PEOPLE, seed: "tests" })).toEqual(population);
    const other = generatePopulation({ people: 100, seed: "tests 2" });
    expect(other.people).not.toEqual(population.people.slice(0, 100));
  });

  it("gives the first of more people when asked for fewer", () => {
    const fewer = generatePopulation({ people: 500, seed: "tests" });
    expect(fewer.people).toEqual(population.people.slice(0, 500));
    fewer.platforms.forEach(({ rows }, p) => {
      expect(rows).toEqual(population.platforms[p]!.rows.slice(0, rows.length));
    });
  });

  it("gives everybody a number of his own, like a Chinese mobile number", () => {
    const phones = population.people.map(({ phone }) => phone);
    expect(new Set(phones).size).toBe(PEOPLE);
    expect(phones.filter((phone) => !/^\+8613\d{9}$/.test(phone))).toEqual([]);
  });

  it("makes 8 to 12 % of people bad", () => {
    const bad = population.people.filter(({ outcome }) => outcome === 1).length / PEOPLE;
    expect(bad).toBeGreaterThan(0.08);
    expect(bad).toBeLessThan(0.12);
  });

  it("lets each platform know 55 to 82 %, and each pair of platforms share some, not all", () => {
    const known = population.platforms.map((platform) => new Set(phonesOf(platform)));
    for (const phones of known) {
      expect(phones.size / PEOPLE).toBeGreaterThan(0.55);
      expect(phones.size / PEOPLE).toBeLessThan(0.82);
      for (const others of known) {
        if (phones === others) continue;
        const shared = [...phones].filter((phone) => others.has(phone)).length;
        expect(shared / phones.size).toBeGreaterThan(0.5);
        expect(shared / phones.size).toBeLessThan(0.95);
      }
    }
    const anywhere = new Set(known.flatMap((phones) => [...phones]));
    expect(anywhere.size).toBeLessThan(PEOPLE);
  });

  it("writes numbers in each platform's own way, and all mean the people", () => {
    const people = new Set(population.people.map(({ phone }) => phone));
    const forms: Record<string, RegExp> = {
      telecom: /^\+86\d{11}$/,
      payments: /^0086 \d{3} \d{4} \d{4}$/,
      marketplace: /^\d{3}-\d{4}-\d{4}$/,
    };
    for (const platform of population.platforms) {
      expect(platform.rows.every(([cell]) => forms[platform.domain]!.test(cell!))).toBe(true);
      expect(phonesOf(platform).every((phone) => people.has(phone))).toBe(true);
    }
  });

  it("correlates features with each other and with the outcome", () => {
    const outcome = new Map(population.people.map(({ phone, outcome }) => [phone, outcome]));
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const { header, rows } = exportOf("payments");
    const column = (name: string): number => header.indexOf(name);
    const phones = phonesOf(exportOf("payments"));
    const onTime = (bad: 0 | 1): number =>
      mean(
        rows.flatMap((row, i) => {
          const cell = row[column("bills_on_time")]!;
          return cell !== "" && outcome.get(phones[i]!) === bad ? Number(cell) : [];
        }),
      );
    expect(onTime(0)).toBeGreaterThan(onTime(1) + 0.05);
    const richer = rows.filter((row) => Number(row[column("inflow_cny_month")]) > 8000);
    const poorer = rows.filter((row) => Number(row[column("inflow_cny_month")]) < 4000);
    const advances = (list: typeof rows): number =>
      mean(list.map((row) => Number(row[column("cash_advances_6m")])));
    expect(advances(poorer)).toBeGreaterThan(advances(richer));
  });

  it.each([0, -1, 1.5, Number.NaN, 1_000_001])("refuses %s people", (people) => {
    expect(() => generatePopulation({ people, seed: "x" })).toThrow(RangeError);
  });
});

describe("CSV lines", () => {
  it("have a header and one line a row", () => {
    const lines = [...csvLines(exportOf("telecom"))];
    expect(lines[0]).toMatch(/^msisdn,tenure_months,.*,plan\n$/);
    expect(lines).toHaveLength(exportOf("telecom").rows.length + 1);
    expect(lines.every((line) => line.split(",").length === 8 && line.endsWith("\n"))).toBe(true);
  });

  it("list whom the bank asks about, with the outcome", () => {
    const lines = [...outcomeLines(population.people.slice(0, 2))];
    const { phone, outcome } = population.people[1]!;
    expect(lines).toEqual(["phone,outcome\n", expect.any(String), `${phone},${outcome}\n`]);
  });
});

describe("Draws", () => {
  const draws = new Draws(seededRng("draws"));
  const many = (draw: () => number): { mean: number; variance: number } => {
    const values = Array.from({ length: 20_000 }, draw);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length };
  };

  it("have the moments that they should", () => {
    const uniform = many(() => draws.uniform());
    expect(uniform.mean).toBeCloseTo(0.5, 1);
    expect(uniform.variance).toBeCloseTo(1 / 12, 2);
    const normal = many(() => draws.normal());
    expect(normal.mean).toBeCloseTo(0, 1);
    expect(normal.variance).toBeCloseTo(1, 1);
    const poisson = many(() => draws.poisson(1.5, 50));
    expect(poisson.mean).toBeCloseTo(1.5, 1);
    expect(poisson.variance).toBeCloseTo(1.5, 1);
    expect(many(() => draws.poisson(40, 3)).mean).toBe(3);
    const picked = many(() => (draws.pick({ a: 3, b: 0, c: 1 }) === "c" ? 1 : 0));
    expect(picked.mean).toBeCloseTo(0.25, 1);
  });
});
