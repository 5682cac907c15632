/**
 * JSON in and out.
 * @module
 */
import { InvalidInputError } from "./errors.ts";

/**
 * Compact JSON in the exact bytes that Go's `encoding/json` gives for the same keys in the same
 * order: `<`, `>`, `&` and the two Unicode line separators are escaped. Artifact documents are
 * written so, as other tools of this field do, which keeps digests equal.
 */
export function encodeGoJson(value: unknown, indent?: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(goJson(value, indent));
}

/** The text form of {@linkcode encodeGoJson}. */
export function goJson(value: unknown, indent?: string): string {
  return JSON.stringify(value, undefined, indent)
    .replace(/[<>&\u2028\u2029]/g, (char) => "\\u" + hexOf(char));
}

function hexOf(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(4, "0");
}

/**
 * Parses UTF-8 JSON.
 * @throws {InvalidInputError} naming `what` when the bytes are not UTF-8 or not JSON.
 */
export function decodeJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? cause.message : "not valid UTF-8";
    throw new InvalidInputError(`Cannot read ${what}: ${reason}`, { cause });
  }
}
