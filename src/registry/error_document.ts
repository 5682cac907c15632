/**
 * The document by which a registry explains an error.
 * See https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 * @module
 */
import { plainText } from "../core/text.ts";

/** What an error document says, where it says it. */
export interface ErrorDocument {
  /** The code: `MANIFEST_UNKNOWN`. */
  readonly code?: string;
  /** The explanation, fit to be shown. */
  readonly message?: string;
}

/**
 * The first code and message of a registry's error document (`{"errors":[{"code","message"}]}`),
 * made fit to be shown; nothing for any other text.
 */
export function parseErrorDocument(text: string): ErrorDocument {
  const first = firstError(text);
  if (typeof first !== "object" || first === null) return {};
  const field = (name: string): string | undefined => {
    const value: unknown = Reflect.get(first, name);
    return typeof value === "string" && value !== "" ? plainText(value) : undefined;
  };
  return { code: field("code"), message: field("message") };
}

function firstError(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return (document as { errors?: readonly unknown[] } | null)?.errors?.[0];
  } catch {
    return undefined; // Not JSON: some proxy's page.
  }
}
