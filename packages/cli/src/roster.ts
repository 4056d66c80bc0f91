/** The authority's work on rosters: drafts of the next one, its signature, its way to the nodes. */
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { SigningKey } from "@moiety/crypto";
import { DocumentError } from "@moiety/model";
import {
  callNode,
  installRoster,
  isRunning,
  KEY_FILES,
  type RosterAnswer,
  readSecret,
  SetupError,
  sideOf,
} from "@moiety/node";
import {
  checkSuccession,
  draftAfter,
  draftBytes,
  parseDraft,
  parseRoster,
  type Roster,
  rosterChanges,
  rosterProblems,
  rosterShape,
  signRoster,
} from "@moiety/policy";
import { readBytes, writePublic } from "./files.ts";
import { rosterTimes } from "./roster-times.ts";
import type { Target } from "./target.ts";

/**
 * Changes a draft of the next roster: of the draft in `base`, or of a new one after the signed roster
 * in `base`. Signatures are not looked at here but when the draft is signed.
 */
export function changeDraft(
  base: string,
  output: string,
  change: (draft: Roster) => Roster,
): Roster {
  const draft = change(readBase(base));
  const problems = rosterProblems(draft);
  if (problems.length > 0) throw new DocumentError(`draft ${output}`, problems);
  writePublic(output, draftBytes(draft));
  return draft;
}

/** A roster or a draft, unverified: to be looked at. */
export function readUnsigned(file: string): Roster {
  const bytes = readBytes(file, "roster");
  const signed = bodyOfSigned(bytes);
  return signed ?? parseDraft(bytes, file);
}

export interface SignedRoster {
  readonly file: string;
  readonly version: number;
  /** What it changes about the roster before it, in sentences. */
  readonly changes: readonly string[];
}

/**
 * Signs a draft. The roster before it must bear the authority's own signature, and the draft may
 * follow it: what was slipped into a draft would show among the changes.
 */
export function signDraft(
  draftFile: string,
  { previous, key, output }: { previous: string; key: string; output: string },
): SignedRoster {
  const authority = readAuthorityKey(key);
  const before = parseRoster(
    readBytes(previous, "roster"),
    authority.verifyingKey,
    undefined,
    previous,
  );
  const draft = parseDraft(readBytes(draftFile, "draft"), draftFile);
  if (draft.version <= before.version)
    throw new SetupError(
      `${draftFile} is of version ${draft.version}, not above ${before.version}`,
    );
  checkSuccession(before, draft, draftFile);
  writePublic(output, signRoster(draft, authority));
  return { file: output, version: draft.version, changes: rosterChanges(before, draft) };
}

export interface InstalledAt extends RosterAnswer {
  readonly node: string;
  readonly running: boolean;
}

/** Installs a roster at one node, running or stopped. Throws what `installRoster` does. */
export async function installAt({ config, socket }: Target, file: string): Promise<InstalledAt> {
  const bytes = readBytes(file, "roster");
  const node = config.name;
  if (await isRunning(socket)) {
    const body = { text: Buffer.from(bytes).toString("utf8"), file: basename(file) };
    return { node, running: true, ...(await callNode<RosterAnswer>(socket, "/roster", { body })) };
  }
  const { roster, previous } = installRoster(config, bytes, { now: Date.now(), file });
  const former = previous?.version ?? 0;
  return { node, running: false, version: roster.version, former, restart: [] };
}

/**
 * The order in which nodes on one machine are given a roster, so that nobody asks a bureau for an epoch
 * that it does not serve yet, or no more: bureaus first, but last where an epoch goes.
 */
export function inOrder(targets: readonly Target[], file: string): Target[] {
  const next = new Set(readUnsigned(file).oprf.map(({ domain, epoch }) => `${domain}/${epoch}`));
  const retires = targets.some(({ config }) => {
    if (!existsSync(config.roster)) return false;
    const { oprf } = readUnsigned(config.roster);
    return oprf.some(({ domain, epoch }) => !next.has(`${domain}/${epoch}`));
  });
  const bureaus = targets.filter((target) => sideOf(target.config) !== undefined);
  const others = targets.filter((target) => sideOf(target.config) === undefined);
  return retires ? [...others, ...bureaus] : [...bureaus, ...others];
}

function readBase(file: string): Roster {
  const bytes = readBytes(file, "roster");
  const signed = bodyOfSigned(bytes);
  return signed === undefined
    ? parseDraft(bytes, file)
    : draftAfter(signed, rosterTimes(new Date()));
}

/** Of a signed roster's file, without its signature; undefined for anything else. */
function bodyOfSigned(bytes: Uint8Array): Roster | undefined {
  try {
    const { roster } = JSON.parse(Buffer.from(bytes).toString("utf8")) as { roster?: unknown };
    const parsed = rosterShape.safeParse(roster);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function readAuthorityKey(file: string): SigningKey {
  const text = readSecret(dirname(file), basename(file)).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new SetupError(`${file}: expected 64 hex digits, as in ${KEY_FILES.signing}`);
  return new SigningKey(Buffer.from(text, "hex"));
}
