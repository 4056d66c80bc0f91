/** What lies on a node's disk: roster, keys, certificate, folders, room, speed of syncing. */
import { X509Certificate } from "node:crypto";
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { NodeConfig } from "../config.ts";
import {
  KEY_FILES,
  readBoxKey,
  readOprfKey,
  readSecret,
  readSigningKey,
  requireListed,
} from "../keys.ts";
import type { Parties } from "../parties.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
const GIB = 2 ** 30;
/** A full disk stops a node's acknowledgements; below this an operator should have been told. */
const LEAST_FREE_BYTES = GIB;
const SYNCS = 16;
/** Beyond this, group commit cannot hide what a sync takes from whoever asks for one score. */
const SLOW_SYNC_MS = 20;

export function checkRoster({ version, network, expiresAt }: Parties, now: number): Finding {
  const days = Math.floor((expiresAt - now) / DAY_MS);
  const detail = `${network}, version ${version}, valid for ${days} more days`;
  return days < SOON_DAYS
    ? warning("roster", detail, "ask the network's authority for a new one, and install it")
    : ok("roster", detail);
}

/** Every key file that this role needs: there, closed to others, and the one in the roster. */
export function checkKeys(config: NodeConfig, parties: Parties): Finding[] {
  const own = parties.get(config.name);
  const names: string[] = [KEY_FILES.signing, KEY_FILES.tlsKey];
  const signing = readSigningKey(config.keys);
  requireListed(config, KEY_FILES.signing, signing.verifyingKey.bytes, own.verifying.bytes);
  readSecret(config.keys, KEY_FILES.tlsKey);
  if (config.role === "bureau-a" || config.role === "bureau-b") {
    requireListed(config, KEY_FILES.box, readBoxKey(config.keys).publicKey, own.box);
    names.push(KEY_FILES.box, ...oprfKeys(config, parties));
  }
  return [ok("keys", `${names.length} key files, mode 0600 or stricter, as the roster has them`)];
}

function oprfKeys(config: NodeConfig, parties: Parties): string[] {
  const side = config.role === "bureau-a" ? "a" : "b";
  const { domains, consentDomain } = parties;
  const newest = [...domains.values(), consentDomain ?? []].flat();
  return newest.map(({ domain, epoch, ...published }) => {
    const name = KEY_FILES.oprf(domain, epoch);
    requireListed(config, name, readOprfKey(config.keys, domain, epoch).publicKey, published[side]);
    return name;
  });
}

export function checkCertificate(config: NodeConfig, parties: Parties, now: number): Finding {
  const listed = parties.pinned.get(config.name)?.certificate;
  if (listed === undefined)
    return failure("certificate", "not in the roster", "have it entered in the roster");
  const days = Math.floor((Date.parse(new X509Certificate(listed).validTo) - now) / DAY_MS);
  const detail = `the TLS certificate in the roster is valid for ${days} more days`;
  return days < SOON_DAYS
    ? warning("certificate", detail, "make a new one and have it entered in the roster")
    : ok("certificate", detail);
}

/** Folders with secrets in them are their owner's alone. */
export function checkFolders(config: NodeConfig): Finding[] {
  const wide = [config.keys, config.data, config.run]
    .filter((folder) => existsSync(folder))
    .filter((folder) => (statSync(folder).mode & 0o077) !== 0);
  if (wide.length === 0) return [ok("folders", "keys, data and run are closed to other users")];
  return wide.map((folder) =>
    warning("folders", `${folder} can be entered by other users`, `chmod 700 ${folder}`),
  );
}

export function checkRoom({ data }: NodeConfig): Finding {
  const { bavail, bsize } = statfsSync(place(data));
  const free = bavail * bsize;
  const file = join(data, "store.mdb");
  const held = existsSync(file) ? statSync(file).size : 0;
  const detail = `${gib(free)} free, the store takes ${gib(held)}`;
  return free < Math.max(LEAST_FREE_BYTES, held)
    ? warning(
        "disk",
        detail,
        "a full disk stops acknowledgements: make room for as much again as the store takes",
      )
    : ok("disk", detail);
}

/** What one durable write costs here: it bounds how many acknowledgements a second are possible. */
export function checkSync({ data }: NodeConfig): Finding {
  const file = join(place(data), `.sync-${process.pid}`);
  const descriptor = openSync(file, "wx", 0o600);
  try {
    const times = Array.from({ length: SYNCS }, () => {
      writeSync(descriptor, Buffer.alloc(4096, 1), 0, 4096, 0);
      const begun = performance.now();
      fdatasyncSync(descriptor);
      return performance.now() - begun;
    }).sort((x, y) => x - y);
    const median = times[SYNCS >> 1] as number;
    const detail = `fdatasync takes ${median.toFixed(2)} ms (median of ${SYNCS})`;
    return median > SLOW_SYNC_MS
      ? warning("sync", detail, "put the data folder on a faster disk (SSD, no network share)")
      : ok("sync", detail);
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}

/** The data folder, or where it will be made. */
function place(data: string): string {
  return existsSync(data) ? data : dirname(data);
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(bytes < GIB / 10 ? 3 : 1)} GiB`;
}
