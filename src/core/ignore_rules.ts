/**
 * Patterns of files to leave out, as gitignore reads them.
 * See https://git-scm.com/docs/gitignore#_pattern_format
 * @module
 */
import { withoutEnd } from "./text.ts";
import { InvalidInputError } from "./errors.ts";
import {
  anyChar,
  compileWildcards,
  literally,
  notSlash,
  optional,
  parseClass,
  type Piece,
  type Wildcards,
} from "./wildcards.ts";

/** One line of the rules. */
interface Rule {
  readonly pattern: Wildcards;
  /** Whether what matches is taken in again. */
  readonly negated: boolean;
  /** Whether only folders match. */
  readonly foldersOnly: boolean;
}

/** Longer lines and longer lists are no rules that anybody wrote. */
const LIMITS = { line: 4096, rules: 10_000 } as const;

/** The rules of a workspace: the last that matches decides. */
export class IgnoreRules {
  readonly #rules: readonly Rule[];
  /** What was decided about folders: their files all ask for them. */
  readonly #folders = new Map<string, boolean>();

  /**
   * Reads rules, one a line.
   * @throws {InvalidInputError} when there are too many, or one is too long.
   */
  constructor(lines: Iterable<string>) {
    this.#rules = Array.from(lines).flatMap((line) => parseRule(line) ?? []);
    if (this.#rules.length <= LIMITS.rules) return;
    throw new InvalidInputError(
      `Cannot use patterns of files to leave out: more than ${LIMITS.rules} were given`,
    );
  }

  /**
   * Whether a path (relative, forward slashes) is left out; a folder's has a slash at its end. What
   * lies in a folder that is left out cannot be taken in again.
   */
  ignores(path: string): boolean {
    const isFolder = path.endsWith("/");
    const name = isFolder ? path.slice(0, -1) : path;
    const parent = name.slice(0, name.lastIndexOf("/") + 1);
    if (parent !== "" && this.#ignoresFolder(parent)) return true;
    const rule = this.#rules.findLast(({ pattern, foldersOnly }) =>
      (isFolder || !foldersOnly) && pattern.matches(name)
    );
    return rule !== undefined && !rule.negated;
  }

  #ignoresFolder(path: string): boolean {
    const known = this.#folders.get(path) ?? this.ignores(path);
    this.#folders.set(path, known);
    return known;
  }
}

/** Reads a line; `undefined` for those that are no rule. */
function parseRule(line: string): Rule | undefined {
  if (line.length > LIMITS.line) {
    throw new InvalidInputError(
      `Cannot use a pattern of files to leave out: it has more than ${LIMITS.line} characters`,
    );
  }
  const text = line.replace(/\r$/, "").replace(/^\uFEFF/, "");
  if (text.startsWith("#")) return undefined;
  const shown = withoutTrailingBlanks(text);
  const negated = shown.startsWith("!");
  const whole = negated ? shown.slice(1) : shown;
  const foldersOnly = whole.endsWith("/");
  const body = foldersOnly ? whole.slice(0, -1) : whole;
  const pieces = parsePattern(body.replace(/^\//, ""));
  if (body === "" || pieces === undefined) return undefined;
  const anywhere = body.includes("/") ? [] : [optional({ many: anyChar }, ...literally("/"))];
  return { pattern: compileWildcards([...anywhere, ...pieces]), negated, foldersOnly };
}

/** Drops blanks at the end, but for one behind a backslash. */
function withoutTrailingBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === " ") end--;
  const slashes = end - withoutEnd(text.slice(0, end), "\\").length;
  return text.slice(0, slashes % 2 === 1 && end < text.length ? end + 1 : end);
}

/**
 * The pieces of a pattern; `undefined` when a class or an escape is not closed: it matches nothing.
 */
function parsePattern(text: string): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length;) {
    const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const depth = anyDepth(text, at);
    if (depth !== undefined) {
      pieces.push(depth.piece);
      at += depth.length;
    } else if (char === "*") {
      pieces.push({ many: notSlash });
      while (text[at] === "*") at++;
    } else if (char === "?") {
      pieces.push({ one: notSlash });
      at++;
    } else if (char === "[") {
      const found = parseClass(text, at, { negators: "!^", escapes: () => true, named: true });
      if (found === undefined) return undefined;
      pieces.push({ one: (code) => notSlash(code) && found.test(code) });
      at = found.end;
    } else if (char === "\\") {
      const next = text.codePointAt(at + 1);
      if (next === undefined) return undefined;
      pieces.push(...literally(String.fromCodePoint(next)));
      at += 1 + String.fromCodePoint(next).length;
    } else {
      pieces.push(...literally(char));
      at += char.length;
    }
  }
  return pieces;
}

/** Two stars or more that are a whole part: all folders before, between or below. */
function anyDepth(text: string, at: number): { piece: Piece; length: number } | undefined {
  if (at > 0 && text[at - 1] !== "/") return undefined;
  let end = at;
  while (text[end] === "*") end++;
  if (end - at < 2) return undefined;
  if (text[end] === "/") {
    return { piece: optional({ many: anyChar }, ...literally("/")), length: end + 1 - at };
  }
  return end === text.length ? { piece: { many: anyChar }, length: end - at } : undefined;
}
