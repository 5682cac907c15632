/**
 * Path patterns: what a path in a Modelfile, and `--include` and `--exclude`, may hold.
 *
 * `*` and `?` stop at a slash and match hidden names; `[a-z]` and `[^a]` are classes; `**` as a
 * whole part crosses slashes, and may stand for no part at all; `{a,b}` gives alternatives, and
 * braces without a comma are literal. A backslash before one of these characters, or before
 * another backslash, makes it literal; before anything else it is a backslash.
 * @module
 */
import {
  anyChar,
  type CharTest,
  compileWildcards,
  foldCase,
  literally,
  notSlash,
  optional,
  parseClass,
  type Piece,
} from "./wildcards.ts";

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

/** Longer patterns name no path. */
const LONGEST_PATTERN = 4096;

/** Braces inside braces: nobody writes more, and each level is a call of the reader. */
const DEEPEST_BRACES = 32;

const SPECIAL = new Set("*?[]{}\\");

/** Reads a pattern. Letter case counts, but with `ignoreCase`. */
export function parseGlob(
  pattern: string,
  { ignoreCase = false }: { readonly ignoreCase?: boolean } = {},
): Glob {
  const reader = new GlobReader(pattern);
  const pieces = reader.read();
  if (reader.fault !== undefined) {
    return { fault: reader.fault, matches: () => false, mayMatchBelow: () => false };
  }
  if (reader.literal !== undefined) return literalGlob(reader.literal, ignoreCase);
  const wildcards = compileWildcards(ignoreCase ? pieces.map(folded) : pieces);
  return {
    matches: wildcards.matches,
    mayMatchBelow: (folder) => wildcards.mayStartWith(`${folder}/`),
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

function folded(piece: Piece): Piece {
  if ("one" in piece) return { one: foldCase(piece.one) };
  return "choice" in piece ? { choice: piece.choice.map((way) => way.map(folded)) } : piece;
}

/** Reads a pattern from left to right. */
class GlobReader {
  /** What is wrong with the pattern, once it was read. */
  fault: string | undefined;
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  /** The characters so far while no wildcard has come. */
  #literal: string | undefined = "";
  /** Whether a part of the path begins here. */
  #partBegins = true;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  /** The path that the pattern is, when it holds no wildcard. */
  get literal(): string | undefined {
    return this.#literal;
  }

  read(): Piece[] {
    if (this.#pattern.length > LONGEST_PATTERN) {
      this.fault = `it has more than ${LONGEST_PATTERN} characters`;
      return [];
    }
    return this.#sequence("");
  }

  /** The pieces up to one of the characters of `ends`, which is not taken. */
  #sequence(ends: string): Piece[] {
    const pieces: Piece[] = [];
    while (this.#at < this.#pattern.length && this.fault === undefined) {
      const char = this.#pattern.charAt(this.#at);
      if (ends.includes(char)) break;
      pieces.push(...this.#next(char));
    }
    return pieces;
  }

  #next(char: string): Piece[] {
    const next = this.#pattern.charAt(this.#at + 1);
    if (char === "\\" && SPECIAL.has(next)) return this.#char(next, 2);
    if (char === "*") return this.#stars();
    if (char === "[") return this.#class();
    if (char === "{") return this.#braces();
    if (char === "?") return [{ one: this.#wild(1, notSlash) }];
    if (char !== "/" || this.#depthAt(this.#at + 1) === undefined) {
      return this.#char(String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0));
    }
    return this.#slash();
  }

  /** A slash before stars that end a path: `a/**` matches `a` too. */
  #slash(): Piece[] {
    const stars = this.#depthAt(this.#at + 1) ?? 0;
    const end = this.#at + 1 + stars;
    if (!this.#endsSequence(end)) return this.#char("/");
    this.#wild(1 + stars);
    return [optional(...literally("/"), { many: anyChar })];
  }

  #stars(): Piece[] {
    const stars = this.#partBegins ? this.#depthAt(this.#at) : undefined;
    if (stars === undefined) {
      const run = /^\*+/.exec(this.#pattern.slice(this.#at))?.[0].length ?? 1;
      return [{ many: this.#wild(run, notSlash) }];
    }
    if (this.#pattern[this.#at + stars] !== "/") return [{ many: this.#wild(stars, anyChar) }];
    this.#wild(stars + 1);
    this.#partBegins = true;
    return [optional({ many: anyChar }, ...literally("/"))];
  }

  /** How many stars at `at` stand for any depth: two or more that are all of a part. */
  #depthAt(at: number): number | undefined {
    const stars = /^\*{2,}/.exec(this.#pattern.slice(at))?.[0].length;
    if (stars === undefined) return undefined;
    const end = at + stars;
    return this.#pattern[end] === "/" || this.#endsSequence(end) ? stars : undefined;
  }

  #endsSequence(at: number): boolean {
    if (at >= this.#pattern.length) return true;
    return this.#depth > 0 && ",}".includes(this.#pattern.charAt(at));
  }

  #class(): Piece[] {
    const start = this.#at;
    const escapes = (char: string) => "[]\\^".includes(char);
    const found = parseClass(this.#pattern, start, { negators: "!^", escapes });
    if (found === undefined) return this.#fail(`"[" is not closed`);
    const text = this.#pattern.slice(start, found.end);
    if (found.backwards || text.includes("/")) {
      return this.#fail(`${text} is not a class of characters`);
    }
    return [{ one: this.#wild(found.end - start, (code) => notSlash(code) && found.test(code)) }];
  }

  #braces(): Piece[] {
    this.#wild(1);
    if (++this.#depth > DEEPEST_BRACES) return this.#fail("its braces are nested too deep");
    const begins = this.#partBegins;
    const ways: Piece[][] = [];
    do {
      if (ways.length > 0) this.#at++;
      this.#partBegins = begins;
      ways.push(this.#sequence(",}"));
    } while (this.#pattern[this.#at] === "," && this.fault === undefined);
    if (this.fault !== undefined) return [];
    if (this.#at >= this.#pattern.length) return this.#fail(`"{" is not closed`);
    this.#at++;
    this.#depth--;
    this.#partBegins = false;
    const [only] = ways;
    if (ways.length > 1 || only === undefined) return [{ choice: ways }];
    return [...literally("{"), ...only, ...literally("}")];
  }

  /** A character that stands for itself, written with `length` characters. */
  #char(char: string, length = char.length): Piece[] {
    if (this.#literal !== undefined) this.#literal += char;
    this.#at += length;
    this.#partBegins = char === "/";
    return literally(char);
  }

  /** Steps over a wildcard, and hands on what it means. */
  #wild<Meaning = CharTest>(length: number, meaning?: Meaning): Meaning {
    this.#literal = undefined;
    this.#at += length;
    this.#partBegins = false;
    return meaning as Meaning;
  }

  #fail(fault: string): Piece[] {
    this.fault ??= fault;
    return [];
  }
}
