import { z } from "zod";

/** A host name, IPv4 address or bracketed IPv6 address, then a port; 0 lets the system choose. */
const HOST_AND_PORT =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]):(\d{1,5})$/;

/** Where a node listens: `host:port`, or a `wss` URL with nothing but host, port and path. */
export const addressShape: z.ZodType<string> = z
  .string()
  .max(512)
  .refine(isAddress, "write host:port or wss://host:port/path");

function isAddress(text: string): boolean {
  const port = HOST_AND_PORT.exec(text)?.[1];
  if (port !== undefined) return Number(port) <= 65_535;
  // Unencrypted ws:// is not an address of this network.
  if (!/^wss:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === "" && url.password === "" && !/[?#\\]/.test(text);
}
