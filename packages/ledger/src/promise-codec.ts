/** The wire form of promises, which entries hold, too. What they mean: promise.ts. */
import { type Codec, fixedBytes, object, text, uint32 } from "@moiety/kit";
import { digest, sequence } from "./fields.ts";

const statementFields = {
  origin: text(255, /[^\p{Cc}\p{White_Space}+]+/u),
  index: sequence,
  leafHash: digest,
  /** The entry's own time, seconds since 1970. */
  at: uint32,
  /** When a checkpoint that holds it will be cosigned, seconds since 1970. */
  by: uint32,
};

/** What a promise's signature covers. */
export const statementCodec: Codec<PromiseStatement> = object(statementFields);
export const promiseCodec: Codec<SignedPromise> = object({
  ...statementFields,
  signature: fixedBytes(64),
});

export interface PromiseStatement {
  readonly origin: string;
  readonly index: number;
  readonly leafHash: Uint8Array;
  readonly at: number;
  readonly by: number;
}
/** `signature`: 64 bytes, of the log's Ed25519 key. */
export type SignedPromise = PromiseStatement & { readonly signature: Uint8Array };
