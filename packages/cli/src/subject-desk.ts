/** A person's wallet at the bureaus' desks: documents handed in, and who asked about the person. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { osRng, parseSealingKey, SealError, type SealingKey } from "@moiety/crypto";
import { SetupError } from "@moiety/node";
import {
  type AccountDispute,
  bureauOf,
  consentName,
  type DeskAnswer,
  type DeskKind,
  MAX_DESK_ANSWER_BYTES,
  type Party,
  parseConsent,
  parseDeskAnswer,
  type Roster,
  sealRequest,
  signSubjectRequest,
  verifyingKeyOf,
} from "@moiety/policy";
import { NOTICE_KINDS, noticeKindOf } from "./documents.ts";
import { readBytes } from "./files.ts";
import { httpBytes } from "./http-bytes.ts";
import type { Holder } from "./subject.ts";
import { type Proven, proven } from "./subject-proofs.ts";
import { walletFiles, walletKey } from "./subject-wallet.ts";

/** Pages that one bureau may fill, 64 inquiries each: a dishonest one could go on for ever. */
const MAX_PAGES = 1024;

/** Where the desks are: a network's `run` folder on this machine, or an address for each bureau. */
export interface Whereabouts {
  readonly run?: string;
  /** `<bureau>=<url>` each. */
  readonly desk?: readonly string[];
}

export interface Desk {
  readonly network: string;
  readonly bureau: Party;
  readonly url: string;
}

/** One inquiry as a bureau tells of it, its proofs verified. */
export interface ToldInquiry extends Proven {
  readonly bureau: string;
  readonly at: string;
  readonly bank: string;
  readonly purpose: string;
  readonly inquiry: string;
  /** Id of the consent, if this wallet gave it. */
  readonly consent: string | null;
  readonly outcome: string;
}

export interface ToldRefusal {
  readonly bureau: string;
  readonly bank: string;
  readonly purpose: string;
  readonly consent: string | null;
  readonly code: string;
  readonly times: number;
  readonly first: string;
  readonly last: string;
}

export interface ToldDispute extends AccountDispute {
  readonly bureau: string;
}

export interface Told {
  readonly asked: readonly ToldInquiry[];
  readonly refused: readonly ToldRefusal[];
  readonly disputes: readonly ToldDispute[];
}

/** The desks of both bureaus of a roster, or of the `one` of that name; throws `SetupError` where an address is missing or unfit. */
export function desksOf({ run, desk = [] }: Whereabouts, roster: Roster, one?: string): Desk[] {
  const given = new Map(desk.map(addressIn));
  const bureaus = [bureauOf(roster, "a"), bureauOf(roster, "b")];
  const unknown = [...given.keys()].find((each) => !bureaus.some(({ name }) => name === each));
  if (unknown !== undefined) throw new SetupError(`--desk: ${unknown} is no bureau of the roster`);
  const asked = bureaus.filter(({ name }) => one === undefined || name === one);
  return asked.map((bureau) => {
    const url =
      given.get(bureau.name) ?? (run === undefined ? undefined : portIn(run, bureau.name));
    if (url === undefined)
      throw new SetupError(`where is ${bureau.name}? Give --desk ${bureau.name}=<url>, or --run`);
    return { network: roster.network, bureau, url };
  });
}

/**
 * Hands a document to the bureaus; gives their names. Throws `SetupError` unless all took it; what one
 * took stays taken.
 */
export async function handIn(desks: readonly Desk[], file: string): Promise<string[]> {
  const document = readBytes(file, "document");
  const kind = noticeKindOf(Buffer.from(document).toString());
  if (kind === undefined) throw new SetupError(`${file} is no ${NOTICE_KINDS.join(", ")}`);
  const answers = await Promise.allSettled(desks.map((desk) => ask(desk, kind, document)));
  const against = answers.flatMap((answer, i) => {
    const problem =
      answer.status === "fulfilled" ? answer.value.problem : (answer.reason as Error).message;
    return problem === "" ? [] : [`  ${desks[i]!.bureau.name}: ${problem}`];
  });
  if (against.length === 0) return desks.map(({ bureau }) => bureau.name);
  const some = against.length < desks.length ? "one bureau" : "either bureau";
  throw new SetupError(
    `the ${kind} is not taken by ${some}; hand it in again, which does no harm:\n${against.join("\n")}`,
  );
}

/**
 * What the bureaus tell this wallet's person. Every proof is verified against the roster's keys; throws
 * `SetupError` where one is wrong, or a bureau tells nothing.
 *
 * @param proofs a folder for the receipts, for `moiety ledger verify`; undefined: they are not kept.
 */
export async function readAccount(
  { folder, ask: askPassphrase }: Holder,
  roster: Roster,
  desks: readonly Desk[],
  { proofs, now }: { readonly proofs: string | undefined; readonly now: number },
): Promise<Told> {
  const key = await walletKey(folder, askPassphrase);
  const consents = new Map(
    walletFiles(folder, "consents").map(({ name, text }) => {
      const consent = parseConsent(text.trim(), `consent ${name}`);
      return [Buffer.from(consentName(consent)).toString("hex"), consent.jti];
    }),
  );
  const asked: ToldInquiry[] = [];
  const refused: ToldRefusal[] = [];
  const disputes: ToldDispute[] = [];
  for (const desk of desks) {
    const bureau = desk.bureau.name;
    let pages = 0;
    for (let before: string | undefined, more = true; more; more = before !== undefined) {
      pages += 1;
      if (pages > MAX_PAGES) throw new SetupError(`${bureau} tells of more than anybody asked`);
      const question = { kind: "account", ...(before !== undefined && { before }) } as const;
      const about = { network: desk.network, bureau, ask: question };
      const request = signSubjectRequest(about, key, osRng, now);
      const { problem, account } = await ask(desk, "account", request);
      if (account === undefined) throw new SetupError(`${bureau} tells nothing: ${problem}`);
      for (const each of account.asked) {
        const consent = consents.get(each.consent) ?? null;
        const { receipts, ...told } = each;
        asked.push({ bureau, ...told, consent, ...proven(each, desk.bureau, roster, proofs) });
      }
      for (const each of account.refused)
        refused.push({ bureau, ...each, consent: consents.get(each.consent) ?? null });
      disputes.push(...account.disputes.map((each) => ({ bureau, ...each })));
      const { next } = account;
      if (next !== undefined && before !== undefined && next >= before)
        throw new SetupError(`${bureau} tells the same again and again`);
      before = next;
    }
  }
  return { asked, refused, disputes };
}

/** Throws `SetupError` for an answer that the bureau did not seal and sign. */
async function ask(desk: Desk, kind: DeskKind, document: Uint8Array): Promise<DeskAnswer> {
  const { network, bureau, url } = desk;
  const address = { network, bureau: bureau.name, kind };
  const sealed = sealRequest(address, document, boxKeyOf(bureau), osRng);
  const asked = { body: sealed.bytes, max: MAX_DESK_ANSWER_BYTES };
  const answer = await httpBytes(`${url}/subject/${kind}`, asked);
  try {
    return parseDeskAnswer(sealed.openAnswer(answer, verifyingKeyOf(bureau)), bureau.name);
  } catch (error) {
    if (error instanceof SealError)
      throw new SetupError(`${url} did not answer as ${bureau.name}: is it that bureau's address?`);
    throw error;
  }
}

function boxKeyOf({ name, boxKey }: Party): SealingKey {
  if (boxKey === undefined) throw new SetupError(`${name} has no box key in the roster`);
  return parseSealingKey(Buffer.from(boxKey, "hex"), `box key of ${name}`);
}

function addressIn(text: string): [bureau: string, url: string] {
  const [, bureau, url] = /^([a-z0-9][a-z0-9._-]*)=(https?:\/\/\S+?)\/*$/.exec(text) ?? [];
  if (bureau !== undefined && url !== undefined) return [bureau, url];
  throw new SetupError(`--desk: write <bureau>=<url>, as north=https://north.example, not ${text}`);
}

function portIn(run: string, bureau: string): string {
  const file = join(run, `${bureau}.public-port`);
  if (!existsSync(file))
    throw new SetupError(
      `${file} is not there: does ${bureau} run, with public: { host, port } in its configuration?`,
    );
  return `http://127.0.0.1:${readFileSync(file, "utf8").trim()}`;
}
