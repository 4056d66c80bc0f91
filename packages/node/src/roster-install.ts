/** The roster's file at a node: read and verified, and replaced by a newer one. */
import { readFileSync } from "node:fs";
import { VerifyingKey } from "@moiety/crypto";
import { bureauOf, checkSuccession, parseRoster, type Roster, supervisorOf } from "@moiety/policy";
import type { NodeConfig } from "./config.ts";
import { SetupError } from "./config-error.ts";
import { replaceFile } from "./durable-file.ts";
import { checkDomainKeys } from "./oprf-keys.ts";

/**
 * Reads and verifies the roster that a configuration names; its name and role must be in it. Throws
 * `SetupError` or `DocumentError`.
 *
 * @param now ms since 1970, UTC.
 */
export function readRoster(config: NodeConfig, now: number): Roster {
  return verified(config, readFile(config.roster), now, config.roster);
}

export interface Installed {
  readonly roster: Roster;
  /** What was in force before; undefined where there was none. */
  readonly previous: Roster | undefined;
}

/**
 * Puts a newer roster in the place of a node's own, if the node could start with it: signed by the
 * authority that its configuration names, of its network, no step back, with its name and role, and
 * with the keys of its new epochs in the node's folder. Atomic and durable; the same again is no
 * error. Throws `SetupError` or `DocumentError`, and then nothing has changed.
 *
 * @param file name of the new roster, for messages.
 * @param previous in force at the running node; absent: what the node's file holds.
 */
export function installRoster(
  config: NodeConfig,
  bytes: Uint8Array,
  options: {
    readonly now: number;
    readonly file: string;
    readonly previous?: Roster;
    /** `later`: the folder's keys are still to be restored. */
    readonly keys?: "later";
  },
): Installed {
  const { now, file, previous, keys } = options;
  const roster = verified(config, bytes, now, file);
  // Both, where the file is shared: another node may have been given a newer one already.
  const onDisk = formerRoster(config);
  for (const before of [onDisk, previous])
    if (before !== undefined) checkSuccession(before, roster, file);
  if (keys === undefined) checkDomainKeys(config, roster);
  if (onDisk?.version !== roster.version) replaceFile(config.roster, bytes);
  return { roster, previous: previous ?? onDisk };
}

/**
 * Why a running node cannot go on with another roster and has to be restarted; empty if it can. What
 * it holds on to from its start: its own keys, and who bureaus and supervisor are.
 */
export function restartReasons({ name }: NodeConfig, previous: Roster, next: Roster): string[] {
  const pairs = [
    [bureauOf(previous, "a"), bureauOf(next, "a"), "bureau A"],
    [bureauOf(previous, "b"), bureauOf(next, "b"), "bureau B"],
    [supervisorOf(previous), supervisorOf(next), "the supervisor"],
    [partyNamed(previous, name), partyNamed(next, name), "this node"],
  ] as const;
  const reasons = pairs.flatMap(([before, after, who]) => {
    if (before.name !== after.name) return [`${who} is another party`];
    const same = before.signingKey === after.signingKey && before.boxKey === after.boxKey;
    return same ? [] : [`${who} has other keys`];
  });
  const own = (roster: Roster): string =>
    roster.domains.flatMap((each) => (each.platform === name ? each.name : [])).join(" ");
  return own(previous) === own(next) ? reasons : [...reasons, "this platform's domains are others"];
}

function verified(config: NodeConfig, bytes: Uint8Array, now: number, file: string): Roster {
  const roster = parseRoster(bytes, authorityOf(config), now, file);
  const own = roster.parties.find(({ name }) => name === config.name);
  if (own === undefined) throw new SetupError(`${config.name} is not in the roster`);
  if (own.role !== config.role)
    throw new SetupError(`${config.file}: role is ${config.role}, the roster says ${own.role}`);
  return roster;
}

/** Whatever its times: one that has expired is still what the next has to follow. */
function formerRoster(config: NodeConfig): Roster | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(config.roster);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return parseRoster(bytes, authorityOf(config), undefined, config.roster);
}

function authorityOf({ file, authority }: NodeConfig): VerifyingKey {
  try {
    return new VerifyingKey(new Uint8Array(Buffer.from(authority, "hex")));
  } catch {
    throw new SetupError(
      `${file}: authority: not an Ed25519 public key; compare it with its owner`,
    );
  }
}

function readFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`roster ${file} cannot be read (${code})`);
  }
}

function partyNamed(roster: Roster, name: string): Roster["parties"][number] {
  const party = roster.parties.find((each) => each.name === name);
  if (party === undefined) throw new SetupError(`${name} is not in the roster`);
  return party;
}
