/** Identifiers in one request; longer batches come in several. */
export const MAX_REQUEST_IDENTIFIERS: number = 50_000;
