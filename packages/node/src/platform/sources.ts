/** The files from which a platform deposits: its catalogue, its users, whom to withdraw. */
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import {
  type Catalogue,
  catalogueBytes,
  parseCatalogue,
  readDepositCsv,
  readIdentifiersCsv,
} from "@moiety/model";
import { refuseForbidden } from "@moiety/policy";
import { deposit } from "@moiety/protocols";
import { SetupError } from "../config-error.ts";
import type { DomainKeys } from "../parties.ts";
import type { PeopleTable } from "./people.ts";

/** Throws `SetupError` or `DocumentError`. */
export function readOwnCatalogue(
  file: string,
  platform: string,
  domains: ReadonlyMap<string, DomainKeys>,
): Catalogue {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`catalogue ${file} cannot be read (${code})`);
  }
  const catalogue = parseCatalogue(text, file);
  if (domains.get(catalogue.domain)?.platform !== platform)
    throw new SetupError(`catalogue ${file}: ${catalogue.domain} is no domain of ${platform}`);
  refuseForbidden(catalogue);
  if (catalogueBytes(catalogue).length > deposit.MAX_CATALOGUE_BYTES)
    throw new SetupError(
      `catalogue ${file}: over ${deposit.MAX_CATALOGUE_BYTES} bytes; shorten it`,
    );
  return catalogue;
}

/** Users as of now; the whole file is checked first. Throws `DocumentError`. */
export async function readPeople(
  csv: string,
  catalogue: Catalogue,
  madeAt: number,
): Promise<PeopleTable> {
  const today = new Date(1000 * madeAt).toISOString().slice(0, 10);
  const { identifiers, bins } = await readDepositCsv(csv, catalogue, csv, today);
  const m = catalogue.features.length;
  return {
    identifiers,
    person: (row) => ({
      madeAt,
      bins: bins.subarray(row * m, (row + 1) * m),
      identifier: identifiers[row] as Uint8Array,
    }),
  };
}

/** People to be removed. Throws `DocumentError`. */
export async function readWithdrawn(csv: string, { identifier }: Catalogue): Promise<PeopleTable> {
  const { type, column: _column, ...options } = identifier;
  const { identifiers } = await readIdentifiersCsv(csv, type, options);
  return { identifiers, person: () => undefined };
}

/** SHA-256 of a file, hex: names it in what is kept, without its content. Throws `SetupError`. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`csv ${file} cannot be read (${code})`);
  }
  return hash.digest("hex");
}
