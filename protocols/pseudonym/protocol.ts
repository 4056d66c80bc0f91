import {
  blindAll,
  combinePublicKeys,
  type Element,
  EVALUATION_PROOF_BYTES,
  type EvaluationClaim,
  multiplyAll,
  proveEvaluations,
  type Scalar,
  unblindSums,
  verifyEvaluationClaims,
} from "@moiety/crypto";
import {
  binaryBytes,
  defineProtocol,
  elements,
  FRAME_HEADER_BYTES,
  fixedBytes,
  list,
  Misbehaviour,
  message,
  nameText,
  object,
  type SessionOf,
  textBytes,
  uint32,
} from "@moiety/kit";

/** Most identifiers in one run. */
export const MAX_IDENTIFIERS: number = 512;
/** Most domains in one run. */
export const MAX_DOMAINS: number = 16;

/** A platform's domain in one key epoch. */
export interface DomainEpoch {
  readonly domain: string;
  readonly epoch: number;
}

const domainList = list(object({ domain: nameText, epoch: uint32 }), MAX_DOMAINS, 1);

export const pseudonym = defineProtocol({
  name: "pseudonym",
  version: 2,
  roles: ["client", "a", "b"],
  messages: {
    blinded: message(
      "client",
      ["a", "b"],
      object({ domains: domainList, elements: elements(MAX_IDENTIFIERS, 1) }),
    ),
    evaluated: message(
      ["a", "b"],
      "client",
      object({
        elements: elements(MAX_IDENTIFIERS * MAX_DOMAINS, 1),
        proof: fixedBytes(EVALUATION_PROOF_BYTES),
      }),
    ),
  },
  limits: { receiveMs: 30_000, totalMs: 60_000, receivedBytes: 1 << 20 },
  cost({ identifiers, domains }: { identifiers: number; domains: readonly DomainEpoch[] }) {
    const names = domains.reduce(
      (sum, { domain }) => sum + 1 + 7 + textBytes(domain.length) + 12,
      0,
    );
    const many = domains.length < 16 ? 1 : 3;
    const blinded = 1 + 8 + many + names + 9 + binaryBytes(32 * identifiers);
    const evaluated =
      1 +
      9 +
      binaryBytes(32 * identifiers * domains.length) +
      6 +
      binaryBytes(EVALUATION_PROOF_BYTES);
    return {
      messages: {
        blinded: { count: 2, bytes: 2 * (FRAME_HEADER_BYTES + blinded) },
        evaluated: { count: 2, bytes: 2 * (FRAME_HEADER_BYTES + evaluated) },
      },
      rounds: 2,
    };
  },
});

/** The published halves of one domain's key, from the roster. */
export interface PublishedKey extends DomainEpoch {
  readonly a: Element;
  readonly b: Element;
}

export interface ClientInput {
  /** Canonical identifiers, 1..512. */
  readonly identifiers: readonly Uint8Array[];
  readonly keys: readonly PublishedKey[];
  /** Lets others have their turn: awaited between the parts of the work on many answers. */
  breathe?(): Promise<void>;
}

/** Evaluations whose check is worth a turn of its own; fewer are cheaper together. */
const CHECKED_TOGETHER = 16;

/** The client: output `[domain][identifier]`, in the order of the input. */
export async function client(
  session: SessionOf<typeof pseudonym, "client">,
  { identifiers, keys, breathe }: ClientInput,
): Promise<Element[][]> {
  // 1: blind once, for all domains.
  const blindings = blindAll("voprf", identifiers, session.rng);
  const inputs = blindings.elements;
  const domains = keys.map(({ domain, epoch }) => ({ domain, epoch }));
  session.send("a", "blinded", { domains, elements: inputs });
  session.send("b", "blinded", { domains, elements: inputs });
  const [ofA, ofB] = await Promise.all([
    session.receive("a", "evaluated"),
    session.receive("b", "evaluated"),
  ]);
  // 3: verify both before anything is unblinded; each proof stands or falls alone.
  const claims = {
    a: claimOf(session, "a", keys, inputs, ofA),
    b: claimOf(session, "b", keys, inputs, ofB),
  };
  const many = inputs.length * keys.length > CHECKED_TOGETHER;
  const pause = async (): Promise<void> => (many ? breathe?.() : undefined);
  const holds: boolean[] = [];
  for (const part of many ? [[claims.a], [claims.b]] : [[claims.a, claims.b]]) {
    holds.push(...verifyEvaluationClaims(part));
    await pause();
  }
  for (const [at, bureau] of BUREAUS.entries())
    if (!holds[at])
      throw new Misbehaviour(
        session.party(bureau),
        "cheat",
        "not evaluated under the key in the roster",
      );
  const pseudonyms: Element[][] = [];
  for (const [k, { a, b }] of keys.entries()) {
    const [fromA, fromB] = [claims.a.outputs[k], claims.b.outputs[k]];
    const publicKey = combinePublicKeys(a, b);
    pseudonyms.push(
      unblindSums(publicKey, blindings, fromA as readonly Element[], fromB as readonly Element[]),
    );
    if (k + 1 < keys.length) await pause();
  }
  return pseudonyms;
}

const BUREAUS = ["a", "b"] as const;

/** What a bureau says that it did. Throws `Misbehaviour` for another number of answers. */
function claimOf(
  session: SessionOf<typeof pseudonym, "client">,
  bureau: "a" | "b",
  keys: readonly PublishedKey[],
  inputs: readonly Element[],
  { elements: evaluated, proof }: { elements: readonly Element[]; proof: Uint8Array },
): EvaluationClaim {
  const n = inputs.length;
  if (evaluated.length !== n * keys.length)
    throw new Misbehaviour(
      session.party(bureau),
      "malformed",
      "another number of elements than asked for",
    );
  const outputs = keys.map((_, k) => evaluated.slice(k * n, (k + 1) * n));
  const publicKeys = keys.map((key) => key[bureau]);
  return { context: proofContext(session, bureau), publicKeys, inputs, outputs, proof };
}

export interface BureauInput {
  /** This bureau's key half for a domain; throws `Refusal` when this client may not have it. */
  keyShare(ask: DomainEpoch, identifiers: number): { secret: Scalar; public: Element };
  /** Lets others have their turn: awaited after each `PRODUCTS_AT_ONCE` multiplications. */
  breathe?(): Promise<void>;
}

/** Some 2 ms of work: so long do others wait at a bureau. */
const PRODUCTS_AT_ONCE = 32;

/** Bureau A or B: step 2. */
export async function bureau(
  session: SessionOf<typeof pseudonym, "a"> | SessionOf<typeof pseudonym, "b">,
  input: BureauInput,
): Promise<void> {
  const { domains, elements: inputs } = await session.receive("client", "blinded");
  const halves = domains.map((ask) => input.keyShare(ask, inputs.length));
  const outputs = await evaluated(
    halves.map(({ secret }) => secret),
    inputs,
    input,
  );
  const proof = proveEvaluations(
    {
      context: proofContext(session, session.role),
      keys: halves.map(({ secret }) => secret),
      publicKeys: halves.map((half) => half.public),
      inputs,
      outputs,
    },
    session.rng,
  );
  session.send("client", "evaluated", { elements: outputs.flat(), proof });
}

/** `[key][input]`, some at a time. */
async function evaluated(
  keys: readonly Scalar[],
  inputs: readonly Element[],
  { breathe }: BureauInput,
): Promise<Element[][]> {
  const rows = keys.map((): Element[] => []);
  const width = Math.max(1, Math.floor(PRODUCTS_AT_ONCE / keys.length));
  for (let start = 0; start < inputs.length; start += width) {
    if (start > 0) await breathe?.();
    const products = multiplyAll(keys, inputs.slice(start, start + width));
    for (const [k, row] of rows.entries()) row.push(...(products[k] as Element[]));
  }
  return rows;
}

/** Binds a proof to the session, its parties and the bureau that made it. */
function proofContext(session: { context(label: string): Uint8Array }, bureau: "a" | "b"): string {
  return Buffer.from(session.context(`evaluated by ${bureau}`)).toString("hex");
}
