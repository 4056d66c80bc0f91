import { DocumentError } from "@moiety/model";

/** What a document is refused for; "" where it is accepted. Anything but a `DocumentError` goes on. */
export function problemsOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof DocumentError) return error.message;
    throw error;
  }
  return "";
}
