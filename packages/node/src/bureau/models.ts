/** Certified models at a bureau: its half of the tables, and what the certificate allows. */
import type { VerifyingKey } from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import {
  certificateDigest,
  isCertifiedShare,
  type ModelCertificate,
  parseCertificate,
} from "@moiety/policy";
import { type deploy, score } from "@moiety/protocols";
import { milestone } from "../milestone.ts";
import type { Store, Table } from "../store.ts";
import type { WithdrawnCertificates } from "../withdrawn-certificates.ts";

export interface InstalledModel {
  readonly certificate: ModelCertificate;
  /** m × 16: this bureau's share. */
  readonly tables: Uint16Array;
}

export interface ModelsParts {
  readonly store: Store;
  readonly side: "a" | "b";
  readonly supervisor: VerifyingKey;
  readonly withdrawn: Pick<WithdrawnCertificates, "refusal">;
}

export class Models {
  readonly #table: Table;
  readonly #side: "a" | "b";
  readonly #supervisor: VerifyingKey;
  readonly #withdrawn: ModelsParts["withdrawn"];
  readonly #installed = new Map<string, InstalledModel>();

  /** Loads what is installed; certificates that have expired by `nowMs` are left out. */
  constructor({ store, side, supervisor, withdrawn }: ModelsParts, nowMs: number) {
    this.#table = store.table("models");
    this.#side = side;
    this.#supervisor = supervisor;
    this.#withdrawn = withdrawn;
    for (const { key, value } of this.#table.getRange()) {
      const judged = this.#judge(undefined, unpack(Uint8Array.from(value)), nowMs);
      if (typeof judged !== "string") this.#installed.set(key.toString("hex"), judged);
    }
  }

  get(digest: Uint8Array): InstalledModel | undefined {
    return this.#installed.get(Buffer.from(digest).toString("hex"));
  }

  /** Why nothing is computed with a certificate that the supervisor has withdrawn; undefined if it has not. */
  withdrawal(digest: Uint8Array): string | undefined {
    return this.#withdrawn.refusal(digest);
  }

  /** By digest of the certificate, in hexadecimal digits; withdrawn ones, too. */
  get all(): ReadonlyMap<string, InstalledModel> {
    return this.#installed;
  }

  /** Verifies and stores a share durably. Resolves with an objection, or with nothing. */
  async install(bank: string, share: deploy.ModelShare, nowMs: number): Promise<string> {
    const judged = this.#judge(bank, share, nowMs);
    if (typeof judged === "string") return judged;
    const digest = Buffer.from(certificateDigest(share.certificate));
    const withdrawal = this.withdrawal(digest);
    if (withdrawal !== undefined) return withdrawal;
    milestone("model.installing");
    await this.#table.put(digest, pack(share));
    milestone("model.installed");
    this.#installed.set(digest.toString("hex"), judged);
    return "";
  }

  /** `bank`: who brings the share; undefined for one that was accepted before. */
  #judge(
    bank: string | undefined,
    share: deploy.ModelShare,
    nowMs: number,
  ): InstalledModel | string {
    let certificate: ModelCertificate;
    try {
      certificate = parseCertificate(share.certificate, this.#supervisor, nowMs);
    } catch (error) {
      if (error instanceof DocumentError) return error.inOneLine(500);
      throw error;
    }
    if (bank !== undefined && certificate.bank !== bank) return `the certificate is not ${bank}'s`;
    const tables = score.fromBytes(share.table);
    if (tables.some((point) => point > 1023)) return "the share is not reduced mod 1024";
    if (!isCertifiedShare(certificate, this.#side, share.salt, tables))
      return "the share does not open the certificate's commitment for this bureau";
    return { certificate, tables };
  }
}

function pack({ certificate, table, salt }: deploy.ModelShare): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(certificate.length);
  return Buffer.concat([length, certificate, salt, table]);
}

function unpack(value: Uint8Array): deploy.ModelShare {
  const end = 4 + new DataView(value.buffer, value.byteOffset).getUint32(0);
  return {
    certificate: value.subarray(4, end),
    salt: value.subarray(end, end + 32),
    table: value.subarray(end + 32),
  };
}
