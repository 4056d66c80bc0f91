/** What a run is made of: where its people and model come from, and where it is kept. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { canonicalJson } from "@moiety/model";
import { SetupError } from "@moiety/node";
import type { CastManifest } from "./cast.ts";
import { prepareGenerated } from "./casts/generated.ts";
import { prepareGiven } from "./casts/given.ts";
import { prepareMapped } from "./casts/mapped.ts";
import type { Flags } from "./flags.ts";
import { digestOf, digestOfFile, type Origin } from "./kept/kept-folder.ts";
import { parseMapping } from "./mapping/parse-mapping.ts";

/** Where runs with a mapping are kept, relative to where the demo is started. */
const DEFAULT_FOLDER = ".moiety-demo";

export interface Production {
  /** Undefined: a temporary folder. */
  readonly folder: string | undefined;
  readonly origin: Origin;
  readonly title: string;
  prepare(folder: string): Promise<CastManifest>;
}

/** Throws `SetupError` or `DocumentError` for flags and files that do not go together. */
export async function productionOf(flags: Flags): Promise<Production> {
  const { data, mapping, catalogue: catalogues, model, people, seed } = flags;
  const folder = typeof flags.keep === "string" ? flags.keep : undefined;
  if (mapping !== undefined) {
    if (data === undefined) throw new SetupError("--mapping needs --data <csv>");
    if (catalogues.length > 0 || model !== undefined)
      throw new SetupError("--mapping makes catalogues and model itself: leave them out");
    return mappedProduction(data, mapping, folder);
  }
  if (data === undefined) {
    if (catalogues.length > 0 || model !== undefined)
      throw new SetupError("--catalogue and --model go with --data <csv>");
    return {
      folder,
      origin: { kind: "generated", people: String(people), seed },
      title: `${people} generated people`,
      prepare: (place) => prepareGenerated(place, { people, seed }, folder !== undefined),
    };
  }
  if (catalogues.length === 0 || model === undefined)
    throw new SetupError(
      "--data needs --mapping <yaml>, or --catalogue <file> (one per platform) and --model <file>",
    );
  const digests = await Promise.all([data, model, ...catalogues].map(digestOfFile));
  return {
    folder,
    origin: {
      kind: "given",
      "data set": digests[0] as string,
      model: digests[1] as string,
      catalogues: digests.slice(2).join(" "),
    },
    title: basename(data),
    prepare: (place) => prepareGiven(place, { people: data, catalogues, model }),
  };
}

async function mappedProduction(
  data: string,
  file: string,
  folder: string | undefined,
): Promise<Production> {
  const mapping = parseMapping(readText(file), basename(file));
  return {
    folder: folder ?? join(DEFAULT_FOLDER, mapping.name),
    // What the mapping says, not how: a comment more is the same mapping.
    origin: {
      kind: "mapped",
      "data set": await digestOfFile(data),
      mapping: digestOf(canonicalJson(mapping)),
    },
    title: `${basename(data)} by ${basename(file)}`,
    prepare: (place) => prepareMapped(place, mapping, data),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`mapping ${file} cannot be read (${code})`);
  }
}
