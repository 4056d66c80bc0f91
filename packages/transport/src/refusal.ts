/** Why a connection did not become a link: one name for scripts, one sentence for people. */

/** What a listener found wrong with a connection. */
export type Refusal =
  | "unknown-certificate"
  | "certificate-not-pinned"
  | "certificate-expired"
  | "no-certificate"
  | "not-tls"
  | "tls-version"
  | "handshake-failed"
  | "slow-handshake"
  | "not-websocket"
  | "wrong-subprotocol"
  | "roster-unreadable"
  | "too-many-connections"
  | "too-many-links";

/** Names what went wrong in the TLS handshake at the accepting side. */
export function acceptRefusal(error: unknown, authorizationError: unknown): Refusal {
  const code = String(authorizationError || codeOf(error));
  if (/EXPIRED|NOT_YET_VALID/.test(code)) return "certificate-expired";
  if (authorizationError) return "unknown-certificate";
  switch (code) {
    case "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE":
      return "no-certificate";
    case "ERR_SSL_HTTP_REQUEST":
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return "not-tls";
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
      return "tls-version";
    default:
      return "handshake-failed";
  }
}

/** What a failed dial says of the peer: whose fault, and what to look at. */
export interface DialFailure {
  /** `identity`: trying again soon is no use. `busy`: the peer is full. */
  readonly kind: "identity" | "busy" | "network";
  readonly words: string;
}

/** Puts a TLS or socket error of a dial into words. */
export function dialFailure(error: unknown, peer: string, at: string): DialFailure {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return network(`nothing listens on ${at}: is ${peer} running?`);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return network(`the host of ${at} is not known: check the address of ${peer}`);
    case "CERT_HAS_EXPIRED":
      return identity(`${peer} presented a certificate that has expired`);
    case "CERT_NOT_YET_VALID":
      return identity(
        `${peer} presented a certificate that is not valid yet: do the clocks agree?`,
      );
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return identity(`what listens on ${at} does not speak TLS: is it ${peer}?`);
    case "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
      return identity(`what listens on ${at} does not speak TLS 1.3: is it ${peer}?`);
    default:
      return isCertificateProblem(code)
        ? notPinned(peer)
        : network(`connecting to ${peer} at ${at} failed (${code})`);
  }
}

/** The peer proved another identity than the one expected. */
export function notPinned(peer: string): DialFailure {
  return identity(`${peer} presented a certificate that is not the one pinned in the roster`);
}

/**
 * The peer hung up between TLS and WebSocket. In TLS 1.3 the connecting side is ready before the
 * accepting side has looked at its certificate, so that this is how being unknown looks.
 */
export function turnedAway(peer: string, self: string): DialFailure {
  return identity(
    `${peer} hung up right after the TLS handshake: most likely its roster pins another ` +
      `certificate for ${self}, or none; its log has the reason`,
  );
}

/** The peer answered the WebSocket handshake with an HTTP status. */
export function declined(peer: string, status: number): DialFailure {
  if (status === 503) return { kind: "busy", words: `${peer} has too many links: try later` };
  return otherVersion(peer);
}

/** The peer is the right one, and does not speak as we do. */
export function otherVersion(peer: string): DialFailure {
  return identity(`${peer} answers, but speaks another version of links than this node`);
}

export function network(words: string): DialFailure {
  return { kind: "network", words };
}

function identity(words: string): DialFailure {
  return { kind: "identity", words };
}

/** Node names OpenSSL's verification results without prefix, e.g. DEPTH_ZERO_SELF_SIGNED_CERT. */
function isCertificateProblem(code: string): boolean {
  return /CERT|SIGNATURE|ISSUER|PURPOSE|CHAIN|\bCA\b/.test(code) && !code.startsWith("ERR_SSL_");
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "unknown";
  return String(error.code);
}
