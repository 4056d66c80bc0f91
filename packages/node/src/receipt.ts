/** Domain separation of the receipt that a bureau signs for a deposit that it holds whole. */
export const RECEIPT_CONTEXT: string = "moiety/deposit/1/receipt";
