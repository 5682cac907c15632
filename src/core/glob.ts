/**
 * Path patterns: what a path in a Modelfile, and `--include` and `--exclude`, may hold.
 *
 * `*` and `?` stop at a slash and match hidden names; `[a-z]` and `[^a]` are classes; `**` crosses
 * slashes; `{a,b}` gives alternatives. A backslash before one of these characters, or before
 * another backslash, makes it literal; before anything else it is a backslash.
 * @module
 */
import { picomatch } from "../deps/picomatch.ts";

/** A pattern, ready to be compared with paths. */
export interface Glob {
  /** The path that the pattern names when it holds no wildcard; `undefined` otherwise. */
  readonly literal?: string;
  /** What makes the pattern unusable, in one clause; such a pattern matches nothing. */
  readonly fault?: string;
  /** Whether a path (relative, forward slashes) matches. */
  matches(path: string): boolean;
  /** Whether something below this folder might match: false means there is no need to look. */
  mayMatchBelow(folder: string): boolean;
}

/** Longer patterns name no path, and are refused by the matcher. */
const LONGEST_PATTERN = 4096;

const SPECIAL = new Set("*?[]{}\\");

/** The pattern that matches exactly this path. */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[\]{}\\]/g, "\\$&");
}

/** Reads a pattern. Letter case counts, but with `ignoreCase`. */
export function parseGlob(
  pattern: string,
  { ignoreCase = false }: { readonly ignoreCase?: boolean } = {},
): Glob {
  const scanned = scan(pattern);
  if (typeof scanned === "string") {
    return { fault: scanned, matches: () => false, mayMatchBelow: () => false };
  }
  if (scanned.literal !== undefined) return literalGlob(scanned.literal, ignoreCase);
  const matches = compile(scanned.segments.join("/"), ignoreCase);
  // A brace that spans a slash cannot be compared part by part: then every folder is looked into.
  const parts = scanned.spansSlash ? [] : scanned.segments.map((segment) => ({
    any: segment === "**",
    matches: compile(segment, ignoreCase),
  }));
  return {
    matches,
    mayMatchBelow(folder) {
      if (scanned.spansSlash) return true;
      for (const [index, name] of folder.split("/").entries()) {
        const part = parts[index];
        if (part?.any) return true;
        if (part === undefined || !part.matches(name)) return false;
      }
      return folder.split("/").length < parts.length;
    },
  };
}

function literalGlob(literal: string, ignoreCase: boolean): Glob {
  const fold = (text: string) => ignoreCase ? text.toLowerCase() : text;
  const wanted = fold(literal);
  return {
    literal,
    matches: (path) => fold(path) === wanted,
    mayMatchBelow: (folder) => wanted.startsWith(`${fold(folder)}/`),
  };
}

function compile(pattern: string, ignoreCase: boolean): (path: string) => boolean {
  // The matcher knows no empty pattern, which `/a` and `a//b` have as a part.
  if (pattern === "") return (path) => path === "";
  const isMatch = picomatch(pattern, {
    dot: true,
    nonegate: true,
    noextglob: true,
    literalBrackets: false,
    keepQuotes: true,
    windows: false,
    nocase: ignoreCase,
  });
  return (path) => isMatch(path);
}

/** A pattern in the matcher's own syntax, split at its slashes. */
interface Scanned {
  readonly literal?: string;
  readonly segments: readonly string[];
  readonly spansSlash: boolean;
}

/**
 * Rewrites a pattern for the matcher, which gives a meaning to more characters than we do
 * (parentheses, quotes, `+`, `!`, `|`): those are made literal. Returns what is wrong, if anything
 * is.
 */
function scan(pattern: string): Scanned | string {
  if (pattern.length > LONGEST_PATTERN) return `it has more than ${LONGEST_PATTERN} characters`;
  let out = "";
  let literal = "";
  let wild = false;
  let spansSlash = false;
  let braces = 0;
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern.charAt(index);
    const next = pattern.charAt(index + 1);
    if (char === "\\" && SPECIAL.has(next)) {
      out += quoteChar(next);
      literal += next;
      index++;
    } else if (char === "[") {
      const end = classEnd(pattern, index);
      if (end === undefined) return `"[" is not closed`;
      const body = classBody(pattern.slice(index + 1, end));
      if (body === undefined) {
        return `${pattern.slice(index, end + 1)} is not a class of characters`;
      }
      out += `[${body}]`;
      wild = true;
      index = end;
    } else if (char === "{") {
      braces++;
      wild = true;
      out += char;
    } else if (char === "}" && braces > 0) {
      braces--;
      out += char;
    } else if (char === "*" || char === "?") {
      wild = true;
      out += char;
    } else if (char === "/") {
      spansSlash ||= braces > 0;
      out += char;
      literal += char;
    } else {
      out += char === "," && braces > 0 ? char : quoteChar(char);
      literal += char;
    }
  }
  if (braces > 0) return `"{" is not closed`;
  return { literal: wild ? undefined : literal, segments: out.split("/"), spansSlash };
}

/** Where the class that opens at `start` closes; a `]` in first place does not close it. */
function classEnd(pattern: string, start: number): number | undefined {
  const negated = pattern[start + 1] === "^" || pattern[start + 1] === "!";
  for (let index = start + (negated ? 3 : 2); index < pattern.length; index++) {
    if (pattern[index - 1] === "\\" && pattern[index - 2] !== "\\") continue;
    if (pattern[index] === "]") return index;
  }
  return undefined;
}

/** The inside of a class in the syntax of regular expressions, `undefined` when it is malformed. */
function classBody(body: string): string | undefined {
  const negated = /^[!^]/.test(body);
  const members = (negated ? body.slice(1) : body).replace(/\\?([[\]\\^])/g, "\\$1");
  try {
    new RegExp(`[${members}]`);
  } catch {
    return undefined;
  }
  return members.includes("/") ? undefined : `${negated ? "^" : ""}${members}`;
}

/**
 * A character that stands for itself. A backslash is a class of one: the matcher never ends on two
 * escaped ones behind a wildcard.
 */
function quoteChar(char: string): string {
  if (char === "\\") return "[\\\\]";
  return /[!"$'()+,.<>@^`|*?[\]{}]/.test(char) ? `\\${char}` : char;
}
