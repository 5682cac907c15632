/**
 * Texts that are no spec, and would keep the parser of YAML busy for minutes.
 * @module
 */
import { type Document, isScalar, visit } from "../../deps/yaml.ts";

/** Largest spec that is read, in bytes: ten thousand layers fit. */
export const SPEC_SIZE_LIMIT = 1024 * 1024;

/** Marks of structure in all: the parser keeps a kilobyte for each. */
const MOST_MARKS = 40_000;

/** Keys that a question mark announces. The parser takes quadratic time for them. */
const MOST_EXPLICIT_KEYS = 100;

/** Why a text is not worth parsing, if so. */
export function yamlFault(text: string): string | undefined {
  if (text.length > SPEC_SIZE_LIMIT) return `it has more than ${SPEC_SIZE_LIMIT} characters`;
  if (count(text, /[,[\]{}\n]|[:-]\s|(?<!\S)[!&*]/g) > MOST_MARKS) {
    return `it has more than ${MOST_MARKS} lines and entries`;
  }
  if (count(text, /(?<![^\s[{,])\?\s/g) <= MOST_EXPLICIT_KEYS) return undefined;
  return `it has more than ${MOST_EXPLICIT_KEYS} keys that are announced by "? "`;
}

function count(text: string, mark: RegExp): number {
  return text.match(mark)?.length ?? 0;
}

/** Where a key comes a second time in its map: offsets in the text. */
export function duplicateKeys(document: Document): number[] {
  const found: number[] = [];
  visit(document, {
    Map(_, map) {
      // The parser's own comparison is each key with each other.
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        // Every merge key is a symbol of its own; tools differ in which of two merges wins.
        const name = typeof key.value === "symbol" ? String(key.value) : key.value;
        if (seen.has(name)) found.push(key.range?.[0] ?? 0);
        seen.add(name);
      }
    },
  });
  return found;
}
