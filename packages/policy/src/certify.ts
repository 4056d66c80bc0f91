import { constantTimeEqual, POINT_MODULUS, type SigningKey } from "@moiety/crypto";
import {
  type Catalogue,
  catalogueDigest,
  checkScorecard,
  DocumentError,
  modelId,
  parseScorecard,
  pointTables,
  type Scorecard,
  scorecardBytes,
  scoreRange,
} from "@moiety/model";
import { signCertificate } from "./certificate.ts";
import { type Review, reviewProblems } from "./certification-review.ts";
import { commitTable, modelReference } from "./commitment.ts";
import type { Output } from "./consent/consent.ts";
import type { Side } from "./roster.ts";

/** One bureau's half of a model, and the salt of its commitment. Secret. */
export interface TableHalf {
  /** Characteristics × 16 entries in 0..1023. */
  readonly share: Uint16Array;
  /** 32 fresh random bytes. */
  readonly salt: Uint8Array;
}

/** What a bank shows the supervisor, and what the supervisor adds. */
export interface Certification {
  /** The model in the clear: the supervisor sees it, nobody else does. */
  readonly model: Scorecard;
  readonly bank: string;
  readonly halves: Readonly<Record<Side, TableHalf>>;
  /** The catalogues in force; those of other domains are left out of the certificate. */
  readonly catalogues: readonly Catalogue[];
  /** Times like `2026-01-31T00:00:00Z`. */
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** The supervisor's running number, from 1. */
  readonly serial: number;
  /** What the model may answer, in ascending order; absent: the score alone. */
  readonly outputs?: readonly Output[];
  /** Without it, neither purposes' policy nor leakage is looked at. */
  readonly review?: Review;
}

/**
 * Certifies a model: checks that it keeps the rules (`parseScorecard`: every total within 0..1023;
 * `checkScorecard`: features, bins and purposes as in the catalogues) and that the halves add up to
 * exactly its tables, and everything in `reviewProblems`, then signs. Draws nothing and keeps nothing.
 *
 * @returns the signed certificate, as a file.
 * @throws DocumentError naming what keeps the model from being certified, without points or shares.
 */
export function certify(request: Certification, supervisorKey: SigningKey): Uint8Array {
  const { bank, halves, catalogues, issuedAt, expiresAt, serial } = request;
  const document = `model ${modelId(request.model)}`;
  // Checked again from its bytes: the caller may have built the object by hand.
  const text = new TextDecoder().decode(scorecardBytes(request.model));
  const model = parseScorecard(text, modelId(request.model));
  checkScorecard(model, catalogues);
  const problems = halvesProblems(pointTables(model), halves);
  if (request.review !== undefined) {
    problems.push(...reviewProblems(model, catalogues, request.review, request.outputs));
  }
  if (problems.length > 0) throw new DocumentError(document, problems);

  const reference = modelReference(bank, model);
  const commitment = (side: Side): string =>
    hex(commitTable(side, halves[side].salt, halves[side].share, reference));
  const used = new Set(model.characteristics.map(({ domain }) => domain));
  return signCertificate(
    {
      modelName: model.name,
      version: model.version,
      bank,
      purposes: model.purposes,
      ...(request.outputs !== undefined && { outputs: request.outputs }),
      characteristics: model.characteristics.map(({ domain, feature }) => ({ domain, feature })),
      catalogues: catalogues
        .filter(({ domain }) => used.has(domain))
        .map((catalogue) => ({
          domain: catalogue.domain,
          digest: hex(catalogueDigest(catalogue)),
        })),
      range: scoreRange(model),
      commitmentA: commitment("a"),
      commitmentB: commitment("b"),
      issuedAt,
      expiresAt,
      serial,
    },
    supervisorKey,
  );
}

function halvesProblems(
  tables: Uint16Array,
  { a, b }: Readonly<Record<Side, TableHalf>>,
): string[] {
  const problems: string[] = [];
  for (const [side, { share, salt }] of Object.entries({ A: a, B: b })) {
    if (share.length !== tables.length) {
      problems.push(`half ${side} has ${share.length} entries, the model ${tables.length}`);
    } else if (share.some((entry) => entry >= POINT_MODULUS)) {
      problems.push(`half ${side} has an entry that is not within 0..${POINT_MODULUS - 1}`);
    }
    if (salt.length !== 32) problems.push(`the salt of half ${side} must have 32 bytes`);
  }
  if (problems.length > 0) return problems;
  if (constantTimeEqual(a.salt, b.salt)) problems.push("both halves have the same salt");
  if (tables.some((entry, i) => (a.share[i]! + b.share[i]!) % POINT_MODULUS !== entry)) {
    problems.push("the halves do not add up to the model's tables; split it again");
  }
  return problems;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
