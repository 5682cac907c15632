/**
 * The words of templates in the language of Go's text/template, as far as inspecting needs it.
 * See https://pkg.go.dev/text/template
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** The error for a template, with the character it is about. */
export function templateError(
  template: string,
  { at, reason, suggestions = [] }: {
    readonly at: number;
    readonly reason: string;
    readonly suggestions?: readonly string[];
  },
): InvalidInputError {
  const shown = template.length > 200 ? `${template.slice(0, 200)}…` : template;
  return new InvalidInputError(
    `Cannot use template ${quote(shown)}: ${reason} at character ${at}`,
    suggestions.length === 0 ? {} : { suggestions },
  );
}

/** What a token is. */
export type TokenKind =
  | "text"
  | "open"
  | "close"
  | "fields"
  | "word"
  | "literal"
  | "$"
  | "("
  | ")"
  | "|"
  | "end of the template";

/** A piece of a template; `at` is the character it begins at, counted from 1. */
export interface Token {
  readonly kind: TokenKind;
  readonly at: number;
  readonly text: string;
  readonly value?: unknown;
  /** Whether a blank stands before it. */
  readonly apart: boolean;
}

/** What an action consists of; the first pattern that fits decides. */
const TOKENS: readonly (readonly [TokenKind, RegExp])[] = [
  ["close", /(?:(?<=\s)-)?\}\}/y],
  ["literal", /"(?:[^"\\\n]|\\.)*"|`[^`]*`|[+-]?\d{1,15}(?![\w.])/y],
  ["fields", /(?:\.[\p{L}_][\p{L}\p{N}_]*)+|\.(?![\p{L}\p{N}_.])/uy],
  ["word", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["$", /\$(?![\p{L}\p{N}_])/uy],
  ["(", /\(/y],
  [")", /\)/y],
  ["|", /\|/y],
];

const COMMENT = /\{\{(-\s)?\s*\/\*[\s\S]*?\*\/\s*((?<=\s)-)?\}\}/y;

/**
 * Splits a template into text and the words of its actions. In text `\n` and `\t` stand for a line
 * end and a tab, since a shell's quotes leave them as they are.
 * @throws {InvalidInputError} naming the character where a word is malformed.
 */
export function tokenize(template: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < template.length) {
    const open = template.indexOf("{{", at);
    const end = open < 0 ? template.length : open;
    const trimsBack = open >= 0 && /^\{\{-\s/.test(template.slice(open, open + 4));
    tokens.push(textToken(template.slice(at, end), at, { start: trimNext, end: trimsBack }));
    if (open < 0) break;
    const comment = matchAt(COMMENT, template, open);
    if (comment !== undefined) {
      trimNext = /-\}\}$/.test(comment);
      at = open + comment.length;
      continue;
    }
    tokens.push({ kind: "open", at: open + 1, text: "{{", apart: false });
    at = readAction(template, open + (trimsBack ? 3 : 2), tokens);
    trimNext = tokens.at(-1)?.text === "-}}";
  }
  tokens.push({ kind: "end of the template", at: template.length + 1, text: "", apart: false });
  return tokens;
}

function textToken(raw: string, at: number, trim: { start: boolean; end: boolean }): Token {
  let text = trim.start ? raw.trimStart() : raw;
  if (trim.end) text = text.trimEnd();
  text = text.replace(/\\([nt])/g, (_escape, letter) => letter === "n" ? "\n" : "\t");
  return { kind: "text", at: at + 1, text, apart: false };
}

/** Reads the words of one action, its `}}` included, and returns where the text goes on. */
function readAction(template: string, start: number, tokens: Token[]): number {
  let at = start;
  for (;;) {
    const blank = matchAt(/\s+/y, template, at) ?? "";
    at += blank.length;
    if (at >= template.length) {
      const open = tokens.findLast(({ kind }) => kind === "open");
      throw templateError(template, { at: open?.at ?? 1, reason: "there is no }} for the {{" });
    }
    const token = readToken(template, at, blank !== "");
    tokens.push(token);
    at += token.text.length;
    if (token.kind === "close") return at;
  }
}

function readToken(template: string, at: number, apart: boolean): Token {
  for (const [kind, pattern] of TOKENS) {
    const text = matchAt(pattern, template, at);
    if (text === undefined) continue;
    const value = kind === "literal" ? literalValue(template, text, at) : undefined;
    return { kind, at: at + 1, text, apart, value };
  }
  const char = String.fromCodePoint(template.codePointAt(at) ?? 0);
  const reason = char === '"' || char === "`"
    ? "the quoted text has no end"
    : `${quote(char)} is not understood`;
  throw templateError(template, { at: at + 1, reason });
}

function literalValue(template: string, text: string, at: number): unknown {
  if (text.startsWith("`")) return text.slice(1, -1);
  if (!text.startsWith('"')) return Number(text);
  try {
    return JSON.parse(text);
  } catch {
    const reason = `the quoted text ${text} has an escape that is not understood`;
    throw templateError(template, { at: at + 1, reason });
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
