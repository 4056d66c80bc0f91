/** One YAML file per node. Paths in it are relative to the file itself. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { SetupError } from "./config-error.ts";

export const ROLES = ["platform", "bureau-a", "bureau-b", "bank", "supervisor"] as const;
export type NodeRole = (typeof ROLES)[number];

const path = z.string().min(1);
const schema = z.strictObject({
  /** This party's name in the roster. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "lower-case letters, digits, . _ -"),
  role: z.enum(ROLES),
  /** The signed roster, and the network authority's public key (64 hex digits) that it must bear. */
  roster: path,
  authority: z.string().regex(/^[0-9a-f]{64}$/, "64 hex digits"),
  /** Folder of this node's key files, each readable by its owner only. */
  keys: path.default("keys"),
  /** Folder of this node's store. */
  data: path.default("data"),
  /** Folder where nodes on one machine publish control sockets and the ports that they were given. */
  run: path.default("../run"),
  /** Where a bureau or a supervisor listens; port 0 takes any free port and publishes it in `run`. */
  listen: z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65535) }).optional(),
  /** A platform's feature catalogue. */
  catalogue: path.optional(),
  /** The supervisor's signed purpose policy; bureaus and supervisor need it where consents are asked for. */
  policy: path.optional(),
  /** Where a bureau or the supervisor keeps the list of withdrawn certificates, beside its store. */
  withdrawals: path.optional(),
  log: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info"),
      /** A file; absent: standard error. */
      file: path.optional(),
      /** Absent: pretty where a person watches (standard error is a terminal), else JSON lines. */
      format: z.enum(["json", "pretty"]).optional(),
    })
    .default({ level: "info" }),
  /** Port on 127.0.0.1 with `/metrics` and `/health`; 0 takes any, published in `run`. Absent: none. */
  metrics: z.strictObject({ port: z.int().min(0).max(65535) }).optional(),
  /**
   * Where a bureau serves, over plain HTTP, its log to whoever wants to read it (`/ledger/checkpoint`,
   * `/ledger/tile/…`), and people who ask about themselves (`/subject/…`, sealed both ways). Port 0
   * takes any, published in `run`. Absent: the log over the control socket only, and no such desk.
   */
  public: z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65535) }).optional(),
  limits: z
    .strictObject({
      /** Pseudonyms that a bureau evaluates for one party per minute. */
      evaluationsPerMinute: z.int().min(1024).default(120_000),
      /** Random OTs that a bureau keeps ready per direction. */
      padsReady: z
        .int()
        .min(1 << 14)
        .max(1 << 19)
        .default(65_536),
      /**
       * Records that a bureau keeps for one platform, of all versions together: two of the largest,
       * for one stays until its successor is whole. Some 75 bytes of disk each with 20 features.
       */
      recordsPerPlatform: z.int().min(1024).default(200_000_000),
    })
    .default({ evaluationsPerMinute: 120_000, padsReady: 65_536, recordsPerPlatform: 200_000_000 }),
});

export type NodeConfig = z.infer<typeof schema> & {
  /** The file that it came from. */
  readonly file: string;
};

/** Reads and checks a configuration; throws `SetupError` that names file, key and what is wrong. */
export function readConfig(file: string): NodeConfig {
  const absolute = resolve(file);
  const parsed = schema.safeParse(parse(absolute, file));
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(
      ({ path: at, message }) => `  ${at.join(".")}: ${message}`,
    );
    throw new SetupError(`${file}: not a node's configuration:\n${wrong.join("\n")}`);
  }
  const config = parsed.data;
  const needsListen = config.role.startsWith("bureau") || config.role === "supervisor";
  if (needsListen && config.listen === undefined)
    throw new SetupError(`${file}: listen: a ${config.role} must say host and port`);
  if (config.role === "platform" && config.catalogue === undefined)
    throw new SetupError(`${file}: catalogue: a platform must name its feature catalogue`);
  const from = (relative: string): string => resolve(dirname(absolute), relative);
  return {
    ...config,
    file: absolute,
    roster: from(config.roster),
    keys: from(config.keys),
    data: from(config.data),
    run: from(config.run),
    ...(config.catalogue !== undefined && { catalogue: from(config.catalogue) }),
    ...(config.policy !== undefined && { policy: from(config.policy) }),
    ...(config.withdrawals !== undefined && { withdrawals: from(config.withdrawals) }),
    log: { ...config.log, ...(config.log.file !== undefined && { file: from(config.log.file) }) },
  };
}

function parse(absolute: string, shown: string): unknown {
  let content: string;
  try {
    content = readFileSync(absolute, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unreadable";
    throw new SetupError(`${shown}: cannot be read (${code}); make a network with "moiety init"`);
  }
  try {
    return parseYaml(content);
  } catch (error) {
    throw new SetupError(`${shown}: ${error instanceof Error ? error.message : "not YAML"}`);
  }
}
