/** From a configuration file on the command line to the running node behind it. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  controlSocket,
  type NodeConfig,
  type NodeRole,
  readConfig,
  SetupError,
} from "@moiety/node";

export interface Target {
  readonly config: NodeConfig;
  readonly socket: string;
}

/** Reads the configuration; throws `SetupError` unless the node has the role that a command needs. */
export function targetOf(file: string, role?: NodeRole): Target {
  const config = readConfig(file);
  if (role !== undefined && config.role !== role)
    throw new SetupError(`${file} is the configuration of a ${config.role}; this needs a ${role}`);
  return { config, socket: controlSocket(config.run, config.name) };
}

/** One configuration, or all those of a network folder. */
export function targetsOf(path: string): Target[] {
  return configsOf(path).map((file) => targetOf(file));
}

/** The path itself if it is a file, or the configuration files of a network folder. */
export function configsOf(path: string): string[] {
  if (!existsSync(path)) throw new SetupError(`${path} does not exist`);
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path)
    .map((name) => join(path, name, "node.yaml"))
    .filter((file) => existsSync(file));
  if (files.length === 0) throw new SetupError(`${path} holds no node's folder with a node.yaml`);
  return files;
}
