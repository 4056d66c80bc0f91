/**
 * Who takes part: one document, signed by the network's authority, that every node reads at its start
 * and trusts for all keys. No other authority and no name service stands in between.
 */
import { kebabNameShape, versionShape } from "@moiety/model";
import { z } from "zod";
import { addressShape } from "./address.ts";
import { hexShape, timeShape } from "./signed-document.ts";

/** What a party does in the network. */
export const ROLES = ["platform", "bureau-a", "bureau-b", "bank", "supervisor"] as const;
export type Role = (typeof ROLES)[number];
/** The two bureaus, as everything that comes in halves calls them. */
export type Side = "a" | "b";

/** A permit, as its authority numbers it. */
export interface Licence {
  readonly number: string;
  readonly expiresAt: string;
}

/** A node and its public keys. */
export interface Party {
  readonly name: string;
  readonly role: Role;
  /** The company or authority behind it, in words. */
  readonly legalName: string;
  /** Under which the party acts: from `expiresAt` on nobody serves it. */
  readonly licence?: Licence;
  /** When it came into the network; for the reader. */
  readonly joinedAt?: string;
  /** Ed25519, hex: signs headers, roots, certificates. */
  readonly signingKey: string;
  /** X25519, hex: what is sealed to a bureau. Bureaus have one, others do not. */
  readonly boxKey?: string;
  /** X.509 certificate of its TLS key, DER in base64; peers pin exactly this one. */
  readonly certificate: string;
  /** The one before, still accepted beside it while a renewed certificate spreads. */
  readonly formerCertificate?: string;
  /** `host:port` or `wss://host:port/path`; nodes that only call others have none. */
  readonly address?: string;
}

/** One OPRF key, as shares of the bureaus' public keys, each with its proof of possession; hex. */
export interface OprfEpoch {
  readonly domain: string;
  readonly epoch: number;
  readonly keyA: string;
  readonly keyB: string;
  readonly popA: string;
  readonly popB: string;
}

export interface Roster {
  readonly network: string;
  /** Grows with every change; see `refuseRollback`. */
  readonly version: number;
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly parties: readonly Party[];
  /** Each domain has one platform; a platform may have several domains. */
  readonly domains: readonly { readonly name: string; readonly platform: string }[];
  /**
   * The domain of the pseudonyms that consents name. It belongs to no platform. Where there is one,
   * bureaus answer nothing about a person without a consent; without one this is a network for trials.
   */
  readonly consentDomain?: string;
  readonly oprf: readonly OprfEpoch[];
}

/** Parties, and domains, of one network. */
export const MAX_PARTIES: number = 1024;
/** OPRF keys of one roster, over all domains and epochs: bounds the proofs to verify. */
export const MAX_OPRF_EPOCHS: number = 1024;

/** X.509, DER in base64. */
export const certificateShape: z.ZodType<string> = z
  .string()
  .max(16_384)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/, "write the DER certificate in base64");

const partyShape = z.strictObject({
  name: kebabNameShape,
  role: z.enum(ROLES, `role is one of ${ROLES.join(", ")}`),
  legalName: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters"),
  licence: z.exactOptional(
    z.strictObject({
      number: z
        .string()
        .min(1)
        .max(100)
        .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters"),
      expiresAt: timeShape,
    }),
  ),
  joinedAt: z.exactOptional(timeShape),
  signingKey: hexShape(32),
  boxKey: z.exactOptional(hexShape(32)),
  certificate: certificateShape,
  formerCertificate: z.exactOptional(certificateShape),
  address: z.exactOptional(addressShape),
});

/** What can be said field by field; `rosterProblems` has what concerns several at once. */
export const rosterShape: z.ZodType<Roster> = z.strictObject({
  network: kebabNameShape,
  version: versionShape,
  issuedAt: timeShape,
  expiresAt: timeShape,
  parties: z.array(partyShape).max(MAX_PARTIES),
  domains: z
    .array(z.strictObject({ name: kebabNameShape, platform: kebabNameShape }))
    .max(MAX_PARTIES),
  consentDomain: z.exactOptional(kebabNameShape),
  oprf: z
    .array(
      z.strictObject({
        domain: kebabNameShape,
        epoch: versionShape,
        keyA: hexShape(32),
        keyB: hexShape(32),
        popA: hexShape(64),
        popB: hexShape(64),
      }),
    )
    .max(MAX_OPRF_EPOCHS),
});
