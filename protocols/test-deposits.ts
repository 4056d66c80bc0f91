/** Deposits for tests: keys, headers, content; pseudonyms are random bytes, which chunks carry alike. */
import { createHash } from "node:crypto";
import {
  type Element,
  type Rng,
  type SealedKeyPair,
  SigningKey,
  sealedKeyPair,
  seededRng,
  sign,
  verify,
} from "@moiety/crypto";
import type { Side } from "./deposit/chunk.ts";
import type { DepositHeader } from "./deposit/header.ts";
import type { BureauInput, DepositShelf, PlatformInput } from "./deposit/protocol.ts";
import { type DepositContent, type PreparedDeposit, prepareDeposit } from "./deposit/sealing.ts";
import { nibbles } from "./test-dealer.ts";

const keyRng = seededRng("test deposits: keys");
export const platformKey: SigningKey = new SigningKey(keyRng.bytes(32));
export const boxes: Readonly<Record<Side, SealedKeyPair>> = {
  a: sealedKeyPair(keyRng),
  b: sealedKeyPair(keyRng),
};

export const CATALOGUE: Uint8Array = Buffer.from("a catalogue");

export function digestOf(catalogue: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(catalogue).digest());
}

export type Facts = Parameters<typeof prepareDeposit>[1];

export function facts(changed: Partial<Facts> = {}): Facts {
  const catalogue = digestOf(CATALOGUE);
  const names = { network: "test", platform: "platform", domain: "telecom" };
  return { ...names, epoch: 1, version: 1, catalogue, madeAt: 1_700_000_000, ...changed };
}

/** Distinct "pseudonyms" that are not elements: only an inquiry needs them to be. */
export function pseudonyms(rng: Rng, count: number): Element[] {
  const bytes = rng.bytes(32 * count);
  return Array.from({ length: count }, (_, i) => bytes.slice(32 * i, 32 * (i + 1)) as Element);
}

export function content(rng: Rng, records: number, features: number): DepositContent {
  return {
    pseudonyms: pseudonyms(rng, records),
    bins: nibbles(rng, records * features),
    features,
  };
}

export function prepare(
  given: DepositContent,
  rng: Rng,
  changed: Partial<Facts> = {},
): PreparedDeposit {
  const keys = { signing: platformKey, boxes: { a: boxes.a.publicKey, b: boxes.b.publicKey } };
  return prepareDeposit(given, facts(changed), keys, rng);
}

export function rootOn(side: Side, header: DepositHeader): Uint8Array {
  return side === "a" ? header.rootA : header.rootB;
}

const bureauKeys = { a: new SigningKey(keyRng.bytes(32)), b: new SigningKey(keyRng.bytes(32)) };

/** What a platform puts in to deposit at one bureau; `sent` is told of each chunk that leaves. */
export function platformInput(
  prepared: PreparedDeposit,
  side: Side,
  sent: (index: number) => void = () => {},
): PlatformInput {
  return {
    ...prepared,
    catalogue: CATALOGUE,
    sealed(index) {
      sent(index);
      return prepared.sealed[side][index] as Uint8Array;
    },
    verifyReceipt: (receipt) =>
      verify(bureauKeys[side].verifyingKey, receipt, "test receipt", prepared.bytes),
  };
}

export function receiptOf(side: Side, header: Uint8Array): Uint8Array {
  return sign(bureauKeys[side], "test receipt", header);
}

export function bureauInput(side: Side, shelf: DepositShelf): BureauInput {
  const receipt = (header: Uint8Array): Uint8Array => receiptOf(side, header);
  return { side, box: boxes[side], shelf, receipt };
}
