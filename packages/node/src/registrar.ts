/**
 * What platforms and banks do for people whom they know: vouch for a person's key, and hand a person's
 * documents to both bureaus.
 */
import { canonicalIdentifier, IDENTIFIER_TYPES } from "@moiety/model";
import {
  offerAttestation,
  openAttestationRequest,
  openDispute,
  signResolution,
} from "@moiety/policy";
import { notice, pseudonym } from "@moiety/protocols";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { SetupError } from "./config-error.ts";
import type { NodeContext } from "./context.ts";
import { inWords, retrying, worded } from "./retry.ts";

const attestRequest = z.strictObject({
  /** The person's, as this party knows it. */
  identifier: z.string().min(1).max(512),
  type: z.enum(IDENTIFIER_TYPES as ["phone", "national-id", "opaque"]).default("phone"),
  region: z.string().max(2).optional(),
  scheme: z.string().max(40).optional(),
  /** The wallet's file. */
  request: z.string().max(16_384),
  /** Whole days: `365d`. */
  validFor: z.string().regex(/^[1-9]\d{0,3}d$/, "whole days, such as 365d"),
});
const noticeRequest = z.strictObject({
  kind: z.enum(notice.KINDS),
  document: z.string().max(notice.MAX_DOCUMENT_BYTES),
});

const resolveRequest = z.strictObject({
  /** The person's file. */
  dispute: z.string().max(notice.MAX_DOCUMENT_BYTES),
  outcome: z.enum(["corrected", "confirmed"]),
});

/** By bureau: empty where it took the document, else why it did not, or could not be asked. */
export type NoticeAnswer = Readonly<Record<string, string>>;

/** The file that ends a dispute, and what each bureau said of it. */
export interface DisputeAnswer {
  readonly resolution: string;
  readonly answers: NoticeAnswer;
}

export function registrarRoutes(server: FastifyInstance, context: NodeContext): void {
  server.post("/attest", async ({ body }) => {
    const parsed = attestRequest.safeParse(body);
    // The message of a shape error could repeat the identifier.
    if (!parsed.success)
      throw new SetupError(
        `not a request: ${parsed.error.issues.map(({ path }) => path.join(".")).join(", ")}`,
      );
    return { offer: Buffer.from(await offer(context, parsed.data)).toString() };
  });
  server.post("/notice", async ({ body }): Promise<NoticeAnswer> => {
    const { kind, document } = noticeRequest.parse(body);
    return deliver(context, kind, Buffer.from(document));
  });
  server.post("/dispute/answer", async ({ body }) =>
    worded(() => resolve(context, resolveRequest.parse(body))),
  );
}

/** Signs what ends a dispute against this party, and hands it to both bureaus. */
async function resolve(
  context: NodeContext,
  { dispute: text, outcome }: z.infer<typeof resolveRequest>,
): Promise<DisputeAnswer> {
  const { config, parties, signing, clock } = context;
  const file = new Uint8Array(Buffer.from(text));
  const dispute = openDispute(file, parties.roster);
  if (dispute.against !== config.name)
    throw new SetupError(`the dispute is against ${dispute.against}, which has to answer it`);
  const signed = { party: config.name, outcome };
  const resolution = signResolution({ file, dispute }, signed, signing, clock.now());
  const answers = await deliver(context, "resolution", resolution);
  return { resolution: Buffer.from(resolution).toString(), answers };
}

/** Finds the person's pseudonym in the consent domain, and signs that the key is theirs. */
async function offer(
  { config, parties, signing, clock, switchboard }: NodeContext,
  { identifier, type, region, scheme, request, validFor }: z.infer<typeof attestRequest>,
): Promise<Uint8Array> {
  const { consentDomain, network, bureaus } = parties;
  if (consentDomain === undefined)
    throw new SetupError("this network has no consent domain: there is nobody to vouch for");
  const now = clock.now();
  const opened = openAttestationRequest(Buffer.from(request), { network, registrar: config.name });
  const today = new Date(now).toISOString().slice(0, 10);
  const canonical = canonicalIdentifier(type, identifier, { region, scheme, today });
  if (!canonical.ok) throw new SetupError(`identifier (${type}): ${canonical.reason}`);
  const roles = { client: config.name, ...bureaus };
  const [elements] = await worded(() =>
    retrying(clock, () =>
      switchboard.run(pseudonym.pseudonym, "client", roles, (session) =>
        pseudonym.client(session, { identifiers: [canonical.bytes], keys: [consentDomain] }),
      ),
    ),
  );
  const element = Buffer.from(elements?.[0] ?? []).toString("hex");
  const person = { pseudonym: element, epoch: consentDomain.epoch };
  return offerAttestation(opened, person, signing, { now, validFor });
}

/** To both: each counts what it has itself, so one that could not be reached must be asked again. */
async function deliver(
  { config, parties, clock, switchboard }: NodeContext,
  kind: notice.Kind,
  document: Uint8Array,
): Promise<NoticeAnswer> {
  const answers = Object.values(parties.bureaus).map(async (bureau) => {
    const roles = { sender: config.name, bureau };
    const asked = retrying(clock, () =>
      switchboard.run(notice.notice, "sender", roles, (session) =>
        notice.sender(session, { kind, document }),
      ),
    );
    return [bureau, await asked.catch((error: unknown) => inWords(error))] as const;
  });
  return Object.fromEntries(await Promise.all(answers));
}
