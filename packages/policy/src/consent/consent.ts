/**
 * What a person agrees to, in one signed token: who may ask what about them, for what purpose, how
 * often, and until when. The token's form is in consent-token.ts.
 */
import { DocumentError, kebabNameShape, RETENTION } from "@moiety/model";
import { z } from "zod";
import { hexShape } from "../signed-document.ts";
import {
  type ConsentPseudonym,
  consentPseudonymShape,
  parseConsentPseudonym,
  type SubjectKey,
  subjectKeyShape,
  subjectProblems,
} from "./subject.ts";

/** What an inquiry can give a bank. */
export const OUTPUTS = ["band", "reasons", "score"] as const;
export type Output = (typeof OUTPUTS)[number];

/** How often: so many times in any window of so many days, e.g. `{ times: 2, per: "30d" }`. */
export interface Frequency {
  readonly times: number;
  readonly per: string;
}

/** Which features: all of these platforms' domains, or all of these categories. */
export type Scope =
  | { readonly domains: readonly string[] }
  | { readonly categories: readonly string[] };

export interface Consent {
  /** Unique among the consents of one key: 16 random bytes, hex. */
  readonly jti: string;
  readonly network: string;
  /** Who signs. */
  readonly subject: SubjectKey;
  /** About whom. That the two belong together is a registrar's word, see attestation.ts. */
  readonly person: ConsentPseudonym;
  /** The one party that may ask. */
  readonly bank: string;
  /** Purpose code, as in the purpose policy. */
  readonly purpose: string;
  readonly scope: Scope;
  /** In ascending order. None implies another: who may have a score may not ask for a band. */
  readonly outputs: readonly Output[];
  readonly use: "once" | Frequency;
  readonly notBefore: string;
  readonly expiresAt: string;
  /** How long the bank may keep what it got, in days: `90d`. A duty; no bureau can enforce it. */
  readonly dataLife: string;
}

/** Inquiries that one window may allow: bounds the history that a bureau looks at. */
export const MAX_FREQUENCY: number = 366;
/** Domains, or categories, of one consent. */
export const MAX_SCOPE: number = 64;

/** Whole days, `1d` to `9999d`. */
export const daysShape: z.ZodType<string> = z
  .string()
  .regex(RETENTION, "write whole days such as 90d");

/** A time in UTC to the second: `2026-01-31T00:00:00Z`. */
const secondShape = z.iso.datetime({
  precision: 0,
  error: "write a time like 2026-01-31T00:00:00Z",
});

export const frequencyShape: z.ZodType<Frequency> = z.strictObject({
  times: z.int().min(1).max(MAX_FREQUENCY),
  per: daysShape,
});

/** A list of distinct names, in one order only, so that a set has one spelling. */
export function nameSetShape<T extends string>(name: z.ZodType<T>, max: number): z.ZodType<T[]> {
  return z
    .array(name)
    .min(1, "name at least one")
    .max(max, `name at most ${max}`)
    .refine((names) => names.every((each, i) => i === 0 || names[i - 1]! < each), {
      error: "write them in ascending order, each once",
    })
    .meta({ uniqueItems: true });
}

export const outputsShape: z.ZodType<Output[]> = nameSetShape(
  z.enum(OUTPUTS, `an output is one of ${OUTPUTS.join(", ")}`),
  OUTPUTS.length,
);

const namesShape = nameSetShape(kebabNameShape, MAX_SCOPE);

export const consentShape: z.ZodType<Consent> = z.strictObject({
  jti: hexShape(16),
  network: kebabNameShape,
  subject: subjectKeyShape,
  person: consentPseudonymShape,
  bank: kebabNameShape,
  purpose: kebabNameShape,
  scope: z.union(
    [z.strictObject({ domains: namesShape }), z.strictObject({ categories: namesShape })],
    "write either domains or categories: distinct names in ascending order",
  ),
  outputs: outputsShape,
  use: z.union(
    [z.literal("once"), frequencyShape],
    'write "once", or how many times per so many days',
  ),
  notBefore: secondShape,
  expiresAt: secondShape,
  dataLife: daysShape,
});

/** Throws a `DocumentError` for a consent whose fields contradict each other. */
export function checkConsentItself(consent: Consent, document: string): void {
  const problems = subjectProblems(consent.subject);
  if (!(Date.parse(consent.notBefore) < Date.parse(consent.expiresAt))) {
    problems.push("expiresAt must be after notBefore");
  }
  if (!consent.outputs.some((output) => output !== "reasons")) {
    problems.push("reasons explain a score or a band: name one of these, too");
  }
  if (problems.length > 0) throw new DocumentError(document, problems);
  parseConsentPseudonym(consent.person, document);
}

/**
 * What tells a consent from all others; `consentName` is made of it. The key is part of it: a `jti` alone
 * could be used up by somebody else who signs a consent with the same one.
 */
export function consentId(consent: Pick<Consent, "subject" | "jti">): string {
  return `${consent.subject.thumbprint}.${consent.jti}`;
}

/** What `90d` means in milliseconds. */
export function daysMs(days: string): number {
  return Number.parseInt(days, 10) * 86_400_000;
}

/** The published JSON Schema (draft 2020-12) of a consent's claims. */
export function consentSchema(): object {
  const schema = z.toJSONSchema(consentShape, { target: "draft-2020-12" });
  const description =
    "Claims of a consent, the payload of a compact JWS of type moiety-consent+jws, as canonical " +
    "JSON (RFC 8785). Names in a list are in ascending order. A verifier checks more than a schema " +
    "can say: see the README of @moiety/policy.";
  return { ...schema, title: "Moiety consent", description };
}
