import {
  add,
  blind,
  type Element,
  EVALUATION_PROOF_BYTES,
  multiply,
  proveEvaluations,
  type Scalar,
  unblindAll,
  verifyEvaluations,
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
  version: 1,
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
}

/** The client: output `[domain][identifier]`, in the order of the input. */
export async function client(
  session: SessionOf<typeof pseudonym, "client">,
  { identifiers, keys }: ClientInput,
): Promise<Element[][]> {
  // 1: blind once, for all domains.
  const blindings = identifiers.map((identifier) => blind("voprf", identifier, session.rng));
  const inputs = blindings.map(({ blindedElement }) => blindedElement);
  const domains = keys.map(({ domain, epoch }) => ({ domain, epoch }));
  session.send("a", "blinded", { domains, elements: inputs });
  session.send("b", "blinded", { domains, elements: inputs });
  const [fromA, fromB] = await Promise.all([
    session.receive("a", "evaluated"),
    session.receive("b", "evaluated"),
  ]);
  // 3: verify both halves before they are added, so that the culprit has a name.
  const halfA = verified(session, "a", keys, inputs, fromA);
  const halfB = verified(session, "b", keys, inputs, fromB);
  const blinds = blindings.map((blinding) => blinding.blind);
  return keys.map((_, k) => {
    const sums = inputs.map((_, i) => add(at(halfA, k, i), at(halfB, k, i)));
    return unblindAll(blinds, sums);
  });
}

function verified(
  session: SessionOf<typeof pseudonym, "client">,
  bureau: "a" | "b",
  keys: readonly PublishedKey[],
  inputs: readonly Element[],
  evaluated: { elements: readonly Element[]; proof: Uint8Array },
): Element[][] {
  const n = inputs.length;
  const culprit = session.party(bureau);
  if (evaluated.elements.length !== n * keys.length)
    throw new Misbehaviour(culprit, "malformed", "another number of elements than asked for");
  const outputs = keys.map((_, k) => evaluated.elements.slice(k * n, (k + 1) * n));
  const publicKeys = keys.map((key) => key[bureau]);
  const context = proofContext(session, bureau);
  if (!verifyEvaluations({ context, publicKeys, inputs, outputs }, evaluated.proof))
    throw new Misbehaviour(culprit, "cheat", "not evaluated under the key in the roster");
  return outputs;
}

export interface BureauInput {
  /** This bureau's key half for a domain; throws `Refusal` when this client may not have it. */
  keyShare(ask: DomainEpoch, identifiers: number): { secret: Scalar; public: Element };
}

/** Bureau A or B: step 2. */
export async function bureau(
  session: SessionOf<typeof pseudonym, "a"> | SessionOf<typeof pseudonym, "b">,
  input: BureauInput,
): Promise<void> {
  const { domains, elements: inputs } = await session.receive("client", "blinded");
  const halves = domains.map((ask) => input.keyShare(ask, inputs.length));
  const outputs = halves.map(({ secret }) => inputs.map((element) => multiply(secret, element)));
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

/** Binds a proof to the session, its parties and the bureau that made it. */
function proofContext(session: { context(label: string): Uint8Array }, bureau: "a" | "b"): string {
  return Buffer.from(session.context(`evaluated by ${bureau}`)).toString("hex");
}

function at(rows: readonly Element[][], row: number, column: number): Element {
  return rows[row]?.[column] as Element;
}
