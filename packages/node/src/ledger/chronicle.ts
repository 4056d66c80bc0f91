/**
 * What a bureau logs of its own accord, once each: rosters, deposits that are complete, models that it
 * computes, and those that it computes no more because they were withdrawn. It is read off what is
 * stored, so what a crash came between is logged after the restart.
 */
import { framedHash } from "@moiety/crypto";
import type { Draft } from "@moiety/ledger";
import { canonicalJson } from "@moiety/model";
import type { Withdrawal } from "@moiety/policy";
import type { InstalledModel } from "../bureau/models.ts";
import type { HeldDeposit } from "../bureau/shelf.ts";
import { logFailure, type NodeContext } from "../context.ts";
import { Persistent } from "../persistent.ts";
import { key } from "../store.ts";
import type { NodeLedger } from "./node-ledger.ts";

export interface ChronicleParts {
  readonly deposits: () => readonly HeldDeposit[];
  /** By digest of the certificate, in hexadecimal digits. */
  readonly models: () => ReadonlyMap<string, InstalledModel>;
  readonly withdrawn: () => readonly Withdrawal[];
}

export class Chronicle {
  readonly #work: Persistent;

  constructor(context: NodeContext, ledger: NodeLedger, parts: ChronicleParts) {
    const { clock, rng, log } = context;
    this.#work = new Persistent({
      clock,
      rng,
      async work(stopping) {
        for (const [mark, draft] of [
          rosterEntry(context),
          ...parts.deposits().map(depositEntry),
          ...[...parts.models()].map(modelEntry),
          ...parts.withdrawn().map(withdrawalEntry),
        ])
          if (!stopping()) await ledger.appendOnce(mark, draft);
      },
      notDone: (error) => logFailure(log, error),
    });
  }

  /** Logs what is not in the log yet. */
  begin(): void {
    this.#work.begin();
  }

  async close(): Promise<void> {
    await this.#work.close();
  }
}

type Marked = readonly [mark: Buffer, draft: Draft];

/** `digest`: of the canonical JSON that its authority signed. */
function rosterEntry({ parties: { roster } }: NodeContext): Marked {
  const { version } = roster;
  const digest = framedHash("moiety/ledger/1/roster", canonicalJson(roster));
  return [key("roster", version), { kind: "roster", body: { version, digest } }];
}

function depositEntry({ header, bytes, signature }: HeldDeposit): Marked {
  const { domain, epoch, version } = header;
  const body = { header: Uint8Array.from(bytes), signature: Uint8Array.from(signature) };
  // A digest: what is kept under a domain's and epoch's own names goes when the epoch is retired.
  const name = framedHash("moiety/ledger/1/deposit-mark", key(domain, epoch, version));
  return [key("deposit", name), { kind: "deposit", body }];
}

function modelEntry([hex, { certificate }]: readonly [string, InstalledModel]): Marked {
  const digest = new Uint8Array(Buffer.from(hex, "hex"));
  const { serial, bank, modelName, version, expiresAt } = certificate;
  const body = { certificate: digest, serial, bank, model: modelName, version };
  const ends = Math.floor(Date.parse(expiresAt) / 1000);
  return [key("model", digest), { kind: "model-certified", body: { ...body, expiresAt: ends } }];
}

/** Without the reason, which is free text: the supervisor's signed list has it. */
function withdrawalEntry(withdrawal: Withdrawal): Marked {
  const { certificate: hex, bank, modelName: model, version, withdrawnAt } = withdrawal;
  const certificate = new Uint8Array(Buffer.from(hex, "hex"));
  const at = Math.floor(Date.parse(withdrawnAt) / 1000);
  const body = { certificate, bank, model, version, withdrawnAt: at };
  return [key("withdrawn", certificate), { kind: "model-withdrawn", body }];
}
