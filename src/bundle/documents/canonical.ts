/**
 * Canonical JSON: one text for one value, so that documents have one digest.
 *
 * Keys are sorted by code point, nothing stands between the tokens, and everything outside ASCII is
 * escaped.
 * @module
 */
import { compareText } from "../../core/text.ts";

/** The canonical text of a JSON value; members that are `undefined` are left out. */
function canonicalJson(value: unknown): string {
  // Not JSON.stringify alone: it puts keys that look like numbers first, whatever their order.
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return ascii(JSON.stringify(value));
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, member]) => `${ascii(JSON.stringify(key))}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

function ascii(json: string): string {
  return json.replace(
    // deno-lint-ignore no-control-regex -- everything outside ASCII is what it looks for
    /[^\x00-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The canonical text as bytes. */
export function encodeCanonical(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalJson(value));
}
