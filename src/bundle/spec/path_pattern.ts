/**
 * The patterns of `modelops.yaml`, in their two dialects.
 *
 * Patterns that bring files in go part by part: `*`, `?` and `[…]` stop at a slash, `**` is any
 * number of folders, and a wildcard does not match a name that starts with a dot. Patterns that
 * leave files out, and those of rules, are compared with the whole path: there `*` crosses slashes
 * and hidden names are not special; read part by part they may match, too, so that a leading `**`
 * and a slash also match at the top.
 * @module
 */
import { quote } from "../../core/text.ts";
import {
  anyChar,
  type CharTest,
  compileWildcards,
  literally,
  notSlash,
  parseClass,
  type Piece,
} from "../../core/wildcards.ts";

/** Places in a pattern that may come next; empty when nothing below can match. */
export type PatternState = ReadonlySet<number>;

/** A pattern that is compared part by part. */
export interface PathPattern {
  /** What makes the pattern unusable, as a clause that follows its name. */
  readonly fault?: string;
  /** Where comparing begins. */
  readonly start: PatternState;
  /** Goes on by one name of a path. */
  step(state: PatternState, name: string): PatternState;
  /** Whether a file whose names led here matches. */
  accepts(state: PatternState): boolean;
}

const ANY_DEPTH = "**";

/** Longer patterns name no path. */
const LONGEST_PATTERN = 4096;

/**
 * Reads a pattern that brings files in; with `hidden`, names that start with a dot are as others.
 */
export function parsePathPattern(text: string, hidden = false): PathPattern {
  const parts = text.normalize("NFC").split("/").filter((part) => part !== "" && part !== ".");
  const matchers = parts.map((part) => partMatcher(part, hidden));
  const end = parts.length;
  /** Adds a place, and those after it that need no name. */
  const reach = (place: number, state: Set<number>): void => {
    state.add(place);
    // At the end of a pattern, any depth means at least the file itself.
    if (parts[place] === ANY_DEPTH && place < end - 1) reach(place + 1, state);
  };
  const start = new Set<number>();
  reach(0, start);
  return {
    fault: patternFault(text, parts),
    start,
    step(state, name) {
      const next = new Set<number>();
      for (const place of state) {
        if (!matchers[place]?.(name)) continue;
        if (parts[place] === ANY_DEPTH) reach(place, next);
        if (parts[place] !== ANY_DEPTH || place === end - 1) reach(place + 1, next);
      }
      return next;
    },
    accepts: (state) => state.has(end),
  };
}

function patternFault(text: string, parts: readonly string[]): string | undefined {
  if (text.length > LONGEST_PATTERN) {
    return `${quote(text, 40)} has more than ${LONGEST_PATTERN} characters`;
  }
  if (text.startsWith("/") || /^[A-Za-z]:[\\/]/.test(text)) {
    return `${quote(text)} is absolute: write it relative to the working directory`;
  }
  if (parts.includes("..")) return `${quote(text)} leaves the working directory`;
  if (text.includes("\\")) return `${quote(text)} has a backslash: write "/"`;
  return parts.length === 0 ? `${quote(text)} names the working directory itself` : undefined;
}

function partMatcher(part: string, hidden: boolean): (name: string) => boolean {
  const shown = (name: string) => hidden || part.startsWith(".") || !name.startsWith(".");
  if (part === ANY_DEPTH) return shown;
  const matches = textTest(part, notSlash);
  return (name) => shown(name) && matches(name);
}

/** Reads a pattern that leaves files out, or of a rule. */
export function parseFilter(text: string): (path: string) => boolean {
  const matchesWhole = textTest(text.normalize("NFC"), anyChar);
  const pattern = parsePathPattern(text, true);
  return (path) => matchesWhole(path) || matchesPath(pattern, path);
}

/** Whether a whole path matches a pattern. */
function matchesPath(pattern: PathPattern, path: string): boolean {
  const names = path.split("/");
  return pattern.accepts(names.reduce((state, name) => pattern.step(state, name), pattern.start));
}

/** A test of texts in which slashes mean nothing; a wildcard matches what passes `any`. */
function textTest(pattern: string, any: CharTest): (text: string) => boolean {
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length;) {
    const char = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    const found = char === "[" ? parseClass(pattern, at, { negators: "!" }) : undefined;
    if (found) pieces.push({ one: found.test });
    // Repeated stars mean the same as one.
    else if (char !== "*") pieces.push(...(char === "?" ? [{ one: any }] : literally(char)));
    else if (pattern[at - 1] !== "*") pieces.push({ many: any });
    at = found?.end ?? at + char.length;
  }
  return compileWildcards(pieces).matches;
}
