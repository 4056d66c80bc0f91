/**
 * A model certificate: the supervisor's word that it saw a model whole, that the model keeps the
 * rules, and that exactly these two halves add up to it. Bureaus run certified models only.
 */
import { framedHash, type SigningKey, type VerifyingKey } from "@moiety/crypto";
import {
  type Characteristic,
  characteristicName,
  DocumentError,
  duplicates,
  kebabNameShape,
  MAX_BINS,
  MAX_CHARACTERISTICS,
  MAX_SCORE,
  nameShape,
  purposesShape,
  type ScoreRange,
  versionShape,
} from "@moiety/model";
import { z } from "zod";
import { modelReference, opensCommitment } from "./commitment.ts";
import { type Output, outputsShape } from "./consent/consent.ts";
import type { Side } from "./roster.ts";
import {
  checkValidity,
  hexShape,
  openDocument,
  type SignedKind,
  signDocument,
  timeShape,
  validityProblems,
} from "./signed-document.ts";

/** Public to everybody who runs the model: which features, never the points. */
export interface ModelCertificate {
  readonly modelName: string;
  readonly version: number;
  /** The one party that may use the model. */
  readonly bank: string;
  readonly purposes: readonly string[];
  /** What it may answer; absent: the score alone. See `certifiedOutputs`. */
  readonly outputs?: readonly Output[];
  /** In the order of the tables' rows. */
  readonly characteristics: readonly Pick<Characteristic, "domain" | "feature">[];
  /** Digests (`catalogueDigest`, hex) of the catalogues that say what the bins mean. */
  readonly catalogues: readonly { readonly domain: string; readonly digest: string }[];
  /** Least and greatest total, within 0..1023. */
  readonly range: ScoreRange;
  /** `commitTable` of the bureaus' halves, hex. */
  readonly commitmentA: string;
  readonly commitmentB: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** The supervisor's running number. */
  readonly serial: number;
}

const scoreShape = z.int().min(0).max(MAX_SCORE);

const certificateShape: z.ZodType<ModelCertificate> = z.strictObject({
  modelName: nameShape,
  version: versionShape,
  bank: kebabNameShape,
  purposes: purposesShape,
  outputs: z.exactOptional(outputsShape),
  characteristics: z
    .array(z.strictObject({ domain: kebabNameShape, feature: nameShape }))
    .min(1)
    .max(MAX_CHARACTERISTICS),
  catalogues: z
    .array(z.strictObject({ domain: kebabNameShape, digest: hexShape(32) }))
    .min(1)
    .max(MAX_CHARACTERISTICS),
  range: z.strictObject({ min: scoreShape, max: scoreShape }),
  commitmentA: hexShape(32),
  commitmentB: hexShape(32),
  issuedAt: timeShape,
  expiresAt: timeShape,
  serial: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
});

const CERTIFICATE: SignedKind<ModelCertificate> = {
  name: "certificate",
  context: "moiety/model-certificate/v1",
  shape: certificateShape,
  maxBytes: 64 << 10,
};

/**
 * Reads a certificate.
 *
 * @param now ms since 1970, UTC.
 * @param file its name, for messages.
 * @throws DocumentError when it is malformed, not signed by `supervisorKey`, expired or not yet valid,
 *   or contradicts itself. Never another error, whatever the bytes.
 */
export function parseCertificate(
  bytes: Uint8Array,
  supervisorKey: VerifyingKey,
  now: number,
  file: string = "(received)",
): ModelCertificate {
  const document = `certificate ${file}`;
  const certificate = openDocument(CERTIFICATE, bytes, supervisorKey, document);
  checkValidity(certificate, now, document);
  const problems = certificateProblems(certificate);
  if (problems.length > 0) throw new DocumentError(document, problems);
  return certificate;
}

/** The certificate file. Throws a `DocumentError` for one that `parseCertificate` would refuse. */
export function signCertificate(certificate: ModelCertificate, key: SigningKey): Uint8Array {
  const file = signDocument(CERTIFICATE, certificate, key);
  const problems = certificateProblems(certificate);
  if (problems.length > 0) throw new DocumentError("certificate", problems);
  return file;
}

/**
 * What inquiries, logs and withdrawals call a certificate: 32 bytes, of the whole signed file.
 * Unsalted: a certificate is public.
 */
export function certificateDigest(file: Uint8Array): Uint8Array {
  return framedHash("moiety/certificate/1", file);
}

/** What a certified model may answer, in ascending order. */
export function certifiedOutputs({
  outputs = ["score"],
}: Pick<ModelCertificate, "outputs">): readonly Output[] {
  return outputs;
}

/**
 * Whether a bureau's salt and half of the tables are those that were certified.
 *
 * @throws RangeError for a table or a salt of another form.
 */
export function isCertifiedShare(
  certificate: ModelCertificate,
  side: Side,
  salt: Uint8Array,
  tableShare: Uint16Array,
): boolean {
  if (tableShare.length !== certificate.characteristics.length * MAX_BINS) return false;
  const hex = side === "a" ? certificate.commitmentA : certificate.commitmentB;
  const { modelName: name, version, bank } = certificate;
  const reference = modelReference(bank, { name, version });
  return opensCommitment(Buffer.from(hex, "hex"), side, salt, tableShare, reference);
}

function certificateProblems(certificate: ModelCertificate): string[] {
  const { characteristics, catalogues, range, commitmentA, commitmentB } = certificate;
  const used = new Set(characteristics.map(({ domain }) => domain));
  const described = catalogues.map(({ domain }) => domain);
  const problems = validityProblems(certificate);
  for (const name of duplicates(characteristics.map(characteristicName))) {
    problems.push(`characteristic ${name} is listed twice`);
  }
  for (const domain of duplicates(described)) {
    problems.push(`the catalogue of ${domain} is listed twice`);
  }
  for (const domain of used) {
    if (!described.includes(domain)) problems.push(`the catalogue of ${domain} is missing`);
  }
  for (const domain of described) {
    if (!used.has(domain)) problems.push(`the catalogue of ${domain} is listed but not used`);
  }
  if (!certifiedOutputs(certificate).some((output) => output !== "reasons")) {
    problems.push("outputs: reasons explain a score or a band; name one of these, too");
  }
  if (range.min > range.max) problems.push("range.min is above range.max");
  if (commitmentA === commitmentB) problems.push("both halves have the same commitment");
  return problems;
}
