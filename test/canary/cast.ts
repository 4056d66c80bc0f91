/** Who is planted where: people, what each platform writes of them, and the documents around it. */
import { type Canary, citizenCanary, numberCanary, phoneCanary, textCanary } from "./canaries.ts";

/** A person as one platform has it: the identifier as it writes it, and values by column. */
interface Row {
  readonly identifier: string;
  readonly values: readonly Canary[];
}

/** Everything about one platform: what it deposits, and what it publishes. */
export interface PlatformPart {
  readonly domain: string;
  readonly rows: readonly Row[];
  readonly csv: string;
  readonly catalogue: string;
}

/** Planted and given away on purpose, to see that the test sees it. */
interface Leaked {
  readonly phones: readonly Canary[];
  readonly numbers: readonly Canary[];
  readonly texts: readonly Canary[];
}

const COLUMNS = {
  telecom: { id: "msisdn", type: "phone", number: ["credit_line"], text: ["employer"] },
  payments: { id: "phone", type: "phone", number: ["balance", "turnover"], text: [] },
  marketplace: { id: "citizen", type: "national-id", number: ["spend"], text: ["shop"] },
} as const;
type Domain = keyof typeof COLUMNS;

const phone = (name: string, ...holders: string[]): Canary => phoneCanary(name, holders);
const citizen = (name: string, number: string, ...holders: string[]): Canary =>
  citizenCanary(name, number, holders);

/** Whom the bank asks about; who of them knows what they are to whom stands in `holders`. */
export const ASKED_PHONES: readonly Canary[] = [
  phone("phone of customer 1", "telecom", "payments", "bank"),
  phone("phone of customer 2", "telecom", "payments", "bank"),
  phone("phone of customer 3", "telecom", "payments", "bank"),
  phone("phone of customer 4", "telecom", "bank"),
  phone("phone of customer 5", "payments", "bank"),
  phone("phone of customer 6, known to no platform", "bank"),
];
export const ASKED_CITIZENS: readonly Canary[] = [
  citizen("number of citizen 1", "647860199811102462", "marketplace", "bank"),
  citizen("number of citizen 2", "64363719960603241X", "marketplace", "bank"),
  citizen("number of citizen 3", "355249196806277465", "marketplace", "bank"),
];
const UNASKED: readonly Canary[] = [
  phone("phone of somebody never asked about", "telecom"),
  citizen("number of somebody never asked about", "512924196812142151", "marketplace"),
];

/** As many as it takes for encodings of five bytes to stand out from chance (see chance.ts). */
const LEAKED_PEOPLE = 6;
const leakedPhones = Array.from({ length: LEAKED_PEOPLE }, (_, i) =>
  phone(`phone of leaked person ${i + 1}`, "telecom"),
);

function rowsOf(domain: Domain): Row[] {
  const { number, text } = COLUMNS[domain];
  return [...ASKED_PHONES, ...ASKED_CITIZENS, ...UNASKED, ...leakedPhones]
    .filter(({ holders }) => holders.has(domain))
    .map((person) => ({
      // Each platform has its own way to write a number.
      identifier: person.forms[domain === "telecom" ? 1 : domain === "payments" ? 2 : 0] as string,
      values: [
        ...number.map((column) => numberCanary(`${column}, ${person.name}`, [domain])),
        ...text.map((column) => textCanary(`${column}, ${person.name}`, [domain])),
      ],
    }));
}

const telecomRows = rowsOf("telecom");
const leakedValues = telecomRows.slice(-LEAKED_PEOPLE).flatMap(({ values }) => values);

export const LEAKED: Leaked = {
  phones: leakedPhones,
  numbers: leakedValues.filter(({ kind }) => kind === "number"),
  texts: leakedValues.filter(({ kind }) => kind === "text"),
};

/** The careless platform explains its feature with a real person's value. */
export const QUOTED: Canary = LEAKED.numbers[0] as Canary;

export const PLATFORMS: readonly PlatformPart[] = (
  ["telecom", "payments", "marketplace"] as const
).map((domain) => {
  const rows = domain === "telecom" ? telecomRows : rowsOf(domain);
  return { domain, rows, csv: csvOf(domain, rows), catalogue: catalogueOf(domain) };
});

export const CANARIES: readonly Canary[] = [
  ...[...ASKED_PHONES, ...ASKED_CITIZENS, ...UNASKED, ...LEAKED.phones],
  ...PLATFORMS.flatMap(({ rows }) => rows.flatMap(({ values }) => values)),
];

const leaked = new Set([...LEAKED.phones, ...LEAKED.numbers, ...LEAKED.texts]);
export const isLeaked = (canary: Canary): boolean => leaked.has(canary);

function csvOf(domain: Domain, rows: readonly Row[]): string {
  const { id, number, text } = COLUMNS[domain];
  const lines = rows.map(({ identifier, values }) =>
    [identifier, ...values.map(({ forms }) => forms[0])].join(","),
  );
  return `${[id, ...number, ...text].join(",")}\n${lines.join("\n")}\n`;
}

/** Numbers fall into bins around 5e11; no category is listed, so that texts fall into the rest. */
function catalogueOf(domain: Domain): string {
  const { id, type, number, text } = COLUMNS[domain];
  const facts = "freshness: P31D, purposes: [credit-origination]";
  const example = domain === "telecom" ? `, for instance ${QUOTED.forms[0]}` : "";
  const numbers = number.map(
    (name) =>
      `  - { name: ${name}, type: number, unit: CNY, meaning: "A sum${example}.", ${facts}, ` +
      "bins: { edges: [3.0e+11, 5.0e+11, 7.5e+11] } }",
  );
  const texts = text.map(
    (name) =>
      `  - { name: ${name}, type: category, unit: none, meaning: "A name.", ${facts}, ` +
      'bins: { categories: [[listed], ["*"]] } }',
  );
  return [
    `domain: ${domain}`,
    "version: 1",
    `identifier: { type: ${type}, column: ${id} }`,
    "features:",
    ...numbers,
    ...texts,
    "",
  ].join("\n");
}

/** A scorecard over everything that is planted. */
export const SCORECARD: string = JSON.stringify({
  kind: "moiety-scorecard",
  name: "canary-card",
  version: 1,
  purposes: ["credit-origination"],
  base: 500,
  scaling: { pdo: 40, odds: 10, anchorScore: 500 },
  characteristics: Object.entries(COLUMNS).flatMap(([domain, { number, text }], i) => [
    ...number.map((feature, j) => ({
      domain,
      feature,
      points: [-3, -41, -7, 11, 29].map((points) => points + 2 * i + j),
    })),
    ...text.map((feature) => ({ domain, feature, points: [-2, 5, 13 + i] })),
  ]),
});
