/**
 * Reading of templates in the language of Go's text/template, as far as inspecting needs it.
 * See https://pkg.go.dev/text/template
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** A part of a template; `at` is the character it begins at, counted from 1. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly pipeline: Pipeline }
  | {
    readonly kind: BlockWord;
    readonly pipeline: Pipeline;
    readonly body: readonly TemplatePart[];
    /** What stands after `else`. */
    readonly otherwise: readonly TemplatePart[];
  };

/** The words that begin a block. */
export type BlockWord = typeof BLOCK_WORDS[number];

/** Commands, each of which gets the result of the one before as its last argument. */
export type Pipeline = readonly PipelineCommand[];

/** A value or a function with arguments. */
export interface PipelineCommand {
  readonly at: number;
  /** The name of the function; absent when the one operand is the value. */
  readonly name?: string;
  readonly operands: readonly Operand[];
}

/** A value. */
export type Operand =
  | { readonly kind: "literal"; readonly value: unknown }
  | {
    readonly kind: "fields";
    /** The value the names start from: the one at hand, the whole, or a result. */
    readonly from: "dot" | "root" | Pipeline;
    readonly names: readonly FieldName[];
  };

/** The name of a field. */
export interface FieldName {
  readonly name: string;
  readonly at: number;
}

const BLOCK_WORDS = ["if", "with", "range"] as const;

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, nil: null };

/** Nesting that no person writes; deeper templates would exhaust the stack. */
const DEEPEST = 100;

/**
 * Reads a template. In text outside of actions `\n` and `\t` stand for a line end and a tab, since
 * a shell's quotes leave them as they are.
 * @throws {InvalidInputError} naming the character where the template is malformed.
 */
export function parseTemplate(template: string): readonly TemplatePart[] {
  return new Parser(template, tokenize(template)).parse();
}

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
    { ...(suggestions.length === 0 ? {} : { suggestions }) },
  );
}

type TokenKind =
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

interface Token {
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

/** Splits a template into text and the words of its actions. */
function tokenize(template: string): Token[] {
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

/** What ends a list of parts. */
type Ending = { readonly word: "end" | "else" | "eof"; readonly at: number };

class Parser {
  readonly #template: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(template: string, tokens: readonly Token[]) {
    this.#template = template;
    this.#tokens = tokens;
  }

  parse(): TemplatePart[] {
    const { parts, ending } = this.#parts();
    if (ending.word !== "eof") throw this.#error(ending.at, `there is no block for ${ending.word}`);
    return parts;
  }

  #parts(): { parts: TemplatePart[]; ending: Ending } {
    const parts: TemplatePart[] = [];
    for (;;) {
      const token = this.#take();
      if (token.kind === "text") {
        if (token.text !== "") parts.push({ kind: "text", text: token.text });
        continue;
      }
      if (token.kind !== "open") return { parts, ending: { word: "eof", at: token.at } };
      const { kind, text, at } = this.#peek();
      if (kind === "word" && (text === "end" || text === "else")) {
        this.#take();
        return { parts, ending: { word: text, at } };
      }
      parts.push(this.#action());
    }
  }

  #action(): TemplatePart {
    const { kind, text } = this.#peek();
    const word = BLOCK_WORDS.find((word) => kind === "word" && word === text);
    if (word !== undefined) return this.#block(word);
    const pipeline = this.#pipeline();
    this.#expect("close");
    return { kind: "print", pipeline };
  }

  #block(word: BlockWord): TemplatePart {
    const { at } = this.#take();
    this.#enter(at);
    const pipeline = this.#pipeline();
    this.#expect("close");
    const { parts: body, ending } = this.#parts();
    const otherwise = ending.word === "else" ? this.#otherwise(word, at) : [];
    if (ending.word === "end") this.#expect("close");
    if (ending.word === "eof") throw this.#error(at, `there is no {{end}} for the ${word}`);
    this.#depth--;
    return { kind: word, pipeline, body, otherwise };
  }

  /**
   * What stands after `else`, to the end of the block; `{{else if …}}` is a block that shares it.
   */
  #otherwise(word: BlockWord, at: number): TemplatePart[] {
    const next = this.#peek();
    if (next.kind === "word" && next.text === word && word !== "range") return [this.#block(word)];
    this.#expect("close");
    const { parts, ending } = this.#parts();
    if (ending.word === "else") {
      throw this.#error(ending.at, "this is the second else of the block");
    }
    if (ending.word === "eof") throw this.#error(at, `there is no {{end}} for the ${word}`);
    this.#expect("close");
    return parts;
  }

  #pipeline(): Pipeline {
    const commands = [this.#command()];
    while (this.#peek().kind === "|") {
      this.#take();
      const command = this.#command();
      if (command.name === undefined) throw this.#error(command.at, "expected a function after |");
      commands.push(command);
    }
    return commands;
  }

  #command(): PipelineCommand {
    const first = this.#peek();
    const isFunction = first.kind === "word" && !Object.hasOwn(LITERALS, first.text);
    if (isFunction) this.#take();
    const operands: Operand[] = [];
    for (;;) {
      const operand = this.#operand();
      if (operand === undefined) break;
      operands.push(operand);
    }
    if (isFunction) return { at: first.at, name: first.text, operands };
    if (operands.length === 0) throw this.#unexpected(first, "a value or a function");
    if (operands.length > 1) {
      throw this.#error(first.at, "a value takes no arguments, and a function was expected");
    }
    return { at: first.at, operands };
  }

  #operand(): Operand | undefined {
    const token = this.#peek();
    switch (token.kind) {
      case "literal":
        this.#take();
        return { kind: "literal", value: token.value };
      case "word":
        if (!Object.hasOwn(LITERALS, token.text)) {
          throw this.#error(token.at, `the function ${token.text} needs parentheses here`);
        }
        this.#take();
        return { kind: "literal", value: LITERALS[token.text] };
      case "fields":
        return { kind: "fields", from: "dot", names: this.#names() };
      case "$":
        this.#take();
        return { kind: "fields", from: "root", names: this.#chained() };
      case "(": {
        this.#enter(this.#take().at);
        const from = this.#pipeline();
        this.#expect(")");
        this.#depth--;
        return { kind: "fields", from, names: this.#chained() };
      }
      default:
        return undefined;
    }
  }

  /** The fields of a result, which follow it without a blank. */
  #chained(): FieldName[] {
    const { kind, apart } = this.#peek();
    return kind === "fields" && !apart ? this.#names() : [];
  }

  #names(): FieldName[] {
    const { text, at } = this.#take();
    let start = at;
    return text.split(".").slice(1).filter((name) => name !== "").map((name) => {
      const field = { name, at: start };
      start += name.length + 1;
      return field;
    });
  }

  #enter(at: number): void {
    if (++this.#depth > DEEPEST) throw this.#error(at, "it is nested too deeply");
  }

  #expect(kind: TokenKind): Token {
    const token = this.#take();
    if (token.kind === kind) return token;
    throw this.#unexpected(token, kind === "close" ? "}}" : `"${kind}"`);
  }

  #unexpected({ kind, text, at }: Token, expected: string): InvalidInputError {
    const found = text === "" ? kind : quote(text);
    return this.#error(at, `expected ${expected}, found ${found}`);
  }

  #error(at: number, reason: string): InvalidInputError {
    return templateError(this.#template, { at, reason });
  }

  #peek(): Token {
    // The last token is never passed.
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }
}
