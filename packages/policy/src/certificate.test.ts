import { SigningKey, seededRng, sign, splitPoints } from "@moiety/crypto";
import {
  type Catalogue,
  canonicalJson,
  catalogueDigest,
  parseCatalogue,
  pointTables,
  readableJson,
  type Scorecard,
} from "@moiety/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  certifiedOutputs,
  isCertifiedShare,
  type ModelCertificate,
  parseCertificate,
} from "./certificate.ts";
import { type Certification, certify } from "./certify.ts";
import { commitTable, modelReference, opensCommitment } from "./commitment.ts";
import { problemsOf } from "./testing/problems.ts";

const rng = seededRng("certificate tests");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const supervisor = new SigningKey(rng.bytes(32));
const NOW = Date.parse("2026-03-01T12:00:00Z");

function catalogue(domain: string, edges: string): Catalogue {
  return parseCatalogue(
    `
domain: ${domain}
version: 1
identifier: { type: phone, column: phone }
features:
  - { name: tenure, type: integer, unit: months, meaning: m, freshness: P1D,
      purposes: [credit-origination, collections], bins: { edges: [${edges}] } }
`,
    `${domain}.yaml`,
  );
}

const MODEL: Scorecard = {
  kind: "moiety-scorecard",
  name: "small-loans",
  version: 2,
  purposes: ["credit-origination"],
  base: 500,
  scaling: { pdo: 40, odds: 20, anchorScore: 600 },
  characteristics: [
    { domain: "telecom", feature: "tenure", points: [-4, -30, 7, 31] },
    { domain: "shop", feature: "tenure", points: [0, 40, -50] },
  ],
};
const CATALOGUES = [catalogue("shop", "1"), catalogue("telecom", "6, 12"), catalogue("bus", "1")];
const [a, b] = splitPoints(pointTables(MODEL), rng);

const REQUEST: Certification = {
  model: MODEL,
  bank: "village-bank",
  halves: { a: { share: a, salt: rng.bytes(32) }, b: { share: b, salt: rng.bytes(32) } },
  catalogues: CATALOGUES,
  issuedAt: "2026-01-01T00:00:00Z",
  expiresAt: "2027-01-01T00:00:00Z",
  serial: 12,
};
const FILE = certify(REQUEST, supervisor);
const parse = (bytes: Uint8Array, now: number = NOW): ModelCertificate =>
  parseCertificate(bytes, supervisor.verifyingKey, now, "model.cert");
const CERTIFICATE = parse(FILE);

describe("certify", () => {
  it("says what was certified, and nothing of the points", () => {
    const { commitmentA, commitmentB, ...rest } = CERTIFICATE;
    expect(rest).toEqual({
      modelName: "small-loans",
      version: 2,
      bank: "village-bank",
      purposes: ["credit-origination"],
      characteristics: [
        { domain: "telecom", feature: "tenure" },
        { domain: "shop", feature: "tenure" },
      ],
      catalogues: [
        { domain: "shop", digest: hex(catalogueDigest(CATALOGUES[0]!)) },
        { domain: "telecom", digest: hex(catalogueDigest(CATALOGUES[1]!)) },
      ],
      range: { min: 420, max: 571 },
      issuedAt: REQUEST.issuedAt,
      expiresAt: REQUEST.expiresAt,
      serial: 12,
    });
    expect(commitmentA).not.toBe(commitmentB);
  });

  it("says what the model may answer: the score alone, unless it is named", () => {
    expect(certifiedOutputs(CERTIFICATE)).toEqual(["score"]);
    const outputs = ["band", "reasons"] as const;
    expect(certifiedOutputs(parse(certify({ ...REQUEST, outputs }, supervisor)))).toEqual(outputs);
  });

  it("lets each bureau check its half, and only that", () => {
    const { a: halfA, b: halfB } = REQUEST.halves;
    expect(isCertifiedShare(CERTIFICATE, "a", halfA.salt, halfA.share)).toBe(true);
    expect(isCertifiedShare(CERTIFICATE, "b", halfB.salt, halfB.share)).toBe(true);
    expect(isCertifiedShare(CERTIFICATE, "b", halfA.salt, halfA.share)).toBe(false);
    expect(isCertifiedShare(CERTIFICATE, "a", halfB.salt, halfA.share)).toBe(false);
    expect(isCertifiedShare(CERTIFICATE, "a", halfA.salt, halfA.share.slice(16))).toBe(false);
    fc.assert(
      fc.property(fc.nat(halfA.share.length - 1), fc.integer({ min: 1, max: 1023 }), (at, by) => {
        const altered = halfA.share.slice();
        altered[at] = (altered[at]! + by) % 1024;
        expect(isCertifiedShare(CERTIFICATE, "a", halfA.salt, altered)).toBe(false);
      }),
    );
  });

  it("refuses halves that do not add up, in any entry", () => {
    fc.assert(
      fc.property(fc.nat(a.length - 1), fc.integer({ min: 1, max: 1023 }), (at, by) => {
        const share = a.slice();
        share[at] = (share[at]! + by) % 1024;
        const halves = { ...REQUEST.halves, a: { ...REQUEST.halves.a, share } };
        expect(problemsOf(() => certify({ ...REQUEST, halves }, supervisor))).toContain(
          "the halves do not add up to the model's tables",
        );
      }),
    );
  });

  const half = (change: object): Partial<Certification> => ({
    halves: { ...REQUEST.halves, a: { ...REQUEST.halves.a, ...change } },
  });
  const model = (change: Partial<Scorecard>): Partial<Certification> => ({
    model: { ...MODEL, ...change },
  });

  it.each([
    ["a total out of range", model({ base: 960 }), "shop/tenure adds the most"] as const,
    ["a negative total", model({ base: 70 }), "shop/tenure takes away the most"] as const,
    ["a purpose not permitted", model({ purposes: ["marketing"] }), 'permit purpose "marketing"'],
    ["a missing catalogue", { catalogues: CATALOGUES.slice(1) }, 'no catalogue of domain "shop"'],
    [
      "another number of bins",
      { catalogues: [catalogue("shop", "1,2"), CATALOGUES[1]!] },
      "the feature has 4 bins",
    ],
    [
      "a catalogue given twice",
      { catalogues: [...CATALOGUES, CATALOGUES[0]!] },
      "the catalogue of shop is listed twice",
    ],
    ["too short a half", half({ share: a.slice(16) }), "half A has 16 entries, the model 32"],
    [
      "an unreduced half",
      half({ share: a.map((v, i) => (i === 3 ? v + 1024 : v)) }),
      "half A has an entry that is not within 0..1023",
    ],
    ["a short salt", half({ salt: new Uint8Array(16) }), "the salt of half A must have 32 bytes"],
    [
      "the same salt twice",
      half({ salt: REQUEST.halves.b.salt }),
      "both halves have the same salt",
    ],
    ["a bank without name", { bank: "" }, "bank: write a name"],
    ["no time", { expiresAt: "soon" }, "expiresAt: write a time"],
    ["times in the wrong order", { expiresAt: REQUEST.issuedAt }, "expiresAt must be after"],
    ["outputs out of order", { outputs: ["score", "band"] }, "ascending"],
    ["reasons alone", { outputs: ["reasons"] }, "reasons explain"],
    ["serial 0", { serial: 0 }, "serial"],
  ] as [string, Partial<Certification>, string][])("refuses %s", (_, change, problem) => {
    const message = problemsOf(() => certify({ ...REQUEST, ...change }, supervisor));
    expect(message).toContain(problem);
  });
});

describe("parseCertificate", () => {
  it("refuses another supervisor, and times before and after", () => {
    const other = new SigningKey(rng.bytes(32));
    expect(problemsOf(() => parse(certify(REQUEST, other)))).toContain("wrong signature");
    expect(problemsOf(() => parse(FILE, Date.parse("2027-01-01T00:00:00Z")))).toContain("expired");
    expect(problemsOf(() => parse(FILE, Date.parse("2025-12-31T00:00:00Z")))).toContain(
      "not valid before",
    );
  });

  it.each([
    [
      { characteristics: [CERTIFICATE.characteristics[0], CERTIFICATE.characteristics[0]] },
      "characteristic telecom/tenure is listed twice",
    ],
    [{ catalogues: CERTIFICATE.catalogues.slice(1) }, "the catalogue of shop is missing"],
    [
      { catalogues: [...CERTIFICATE.catalogues, { domain: "x", digest: "00".repeat(32) }] },
      "the catalogue of x is listed but not used",
    ],
    [{ range: { min: 5, max: 4 } }, "range.min is above range.max"],
    [{ range: { min: 0, max: 1024 } }, "range.max"],
    [{ range: { min: -1, max: 4 } }, "range.min"],
    [{ commitmentB: CERTIFICATE.commitmentA }, "both halves have the same commitment"],
    [{ commitmentA: CERTIFICATE.commitmentA.toUpperCase() }, "commitmentA: write 64 digits"],
    [{ points: [1] }, "points"],
    [{ characteristics: Array(129).fill({ domain: "d", feature: "f" }) }, "characteristics"],
  ])("refuses %j even if it is signed", (change, problem) => {
    const certificate = { ...CERTIFICATE, ...change };
    const context = "moiety/model-certificate/v1";
    const signature = hex(sign(supervisor, context, canonicalJson(certificate)));
    const message = problemsOf(() => parse(readableJson({ certificate, signature })));
    expect(message).toContain(problem);
  });

  it("takes nothing that is longer than any certificate", () => {
    expect(problemsOf(() => parse(new Uint8Array((64 << 10) + 1)))).toContain("longer than");
  });
});

describe("commitTable", () => {
  const salt = rng.bytes(32);
  const reference = modelReference("village-bank", MODEL);

  it("depends on side, salt, model and every entry", () => {
    const share = a.slice();
    share[31]! ^= 1;
    const variants = [
      commitTable("a", salt, a, reference),
      commitTable("b", salt, a, reference),
      commitTable("a", rng.bytes(32), a, reference),
      commitTable("a", salt, a, modelReference("village-bank", { ...MODEL, version: 3 })),
      commitTable("a", salt, a, modelReference("other-bank", MODEL)),
      commitTable("a", salt, share, reference),
      commitTable("a", salt, a.slice(16), reference),
    ].map(hex);
    expect(reference).toBe("village-bank/small-loans@2");
    expect(new Set(variants).size).toBe(variants.length);
    expect(opensCommitment(Buffer.from(variants[0]!, "hex"), "a", salt, a, reference)).toBe(true);
    expect(opensCommitment(Buffer.from(variants[1]!, "hex"), "a", salt, a, reference)).toBe(false);
  });

  it.each([
    [new Uint16Array(0), "1 to 128 rows"],
    [new Uint16Array(15), "1 to 128 rows"],
    [new Uint16Array(129 * 16), "1 to 128 rows"],
    [new Uint16Array(16).fill(1024), "within 0..1023"],
  ])("refuses a share of another form", (share, problem) => {
    expect(() => commitTable("a", salt, share, reference)).toThrow(problem);
    expect(() => commitTable("a", salt.subarray(1), a, reference)).toThrow(RangeError);
  });
});
