/** Where a party listens, and what to say when it cannot. */

export interface Address {
  readonly host: string;
  /** 0 lets the operating system choose, when listening. */
  readonly port: number;
}

/** `host:port`, with brackets where the host has colons of its own. */
export function at({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const BIND_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses this port: stop it, or configure another port (0 picks one)",
  EACCES: "ports below 1024 need privileges: configure a higher port",
  EADDRNOTAVAIL: "this machine does not have this address: configure one it has, or 0.0.0.0",
  ENOTFOUND: "the host is not known: configure an address of this machine",
};

/** Puts the failure of `listen(2)` into words that say what to do. */
export function bindProblem(error: NodeJS.ErrnoException, address: Address): Error {
  const code = error.code ?? "unknown";
  return new Error(`cannot listen on ${at(address)}: ${BIND_PROBLEMS[code] ?? code}`, {
    cause: error,
  });
}
