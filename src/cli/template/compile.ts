/**
 * Templates as `--format` takes them: `{{.Digest}}`, `{{range .Layers}}{{.Filepath}}\n{{end}}`.
 *
 * The language is the part of Go's text/template that people use with such flags: fields, `json`,
 * `len`, `index` and some more functions, pipelines, `if`, `with` and `range`; there are no
 * variables.
 * @module
 */
import type { InvalidInputError } from "../../core/errors.ts";
import { isRecord } from "../../core/json.ts";
import { nearest } from "../../core/suggest.ts";
import { quote } from "../../core/text.ts";
import { FUNCTIONS, isTrue, itemsOf, Refusal, textOf } from "./functions.ts";
import { templateError, type Token, tokenize, type TokenKind } from "./tokens.ts";

/** A template that is ready to be used. */
export interface Template {
  /**
   * Fills in a value, whose keys are the fields; a key whose value is `undefined` is a known field
   * that gives empty text.
   * @throws {InvalidInputError} when the value has no such field, or a function cannot take its
   * arguments.
   */
  render(value: unknown): string;
}

/**
 * Reads a template.
 * @throws {InvalidInputError} naming the character where it is malformed.
 */
export function compileTemplate(text: string): Template {
  const render = new Compiler(text).compile();
  return { render: (value) => render(value, value) };
}

/** What a part of a template gives for the value at hand and the whole. */
type Evaluate<Result> = (dot: unknown, root: unknown) => Result;

/** A value, or a function whose last argument is the result of the command before, if any. */
interface Command {
  readonly at: number;
  readonly isFunction: boolean;
  run(dot: unknown, root: unknown, piped: readonly unknown[]): unknown;
}

const BLOCK_WORDS = ["if", "with", "range"] as const;

/** Functions that print nothing where there is nothing. */
const PRINTING: ReadonlySet<string> = new Set(["print", "println"]);

type BlockWord = typeof BLOCK_WORDS[number];

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, nil: null };

/** Nesting that no person writes; deeper templates would exhaust the stack. */
const DEEPEST = 100;

/** What ends a list of parts. */
type Ending = { readonly word: "end" | "else" | "eof"; readonly at: number };

/** Makes functions of the parts of a template, in one pass over its tokens. */
class Compiler {
  readonly #template: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(template: string) {
    this.#template = template;
    this.#tokens = tokenize(template);
  }

  compile(): Evaluate<string> {
    const { render, ending } = this.#parts();
    if (ending.word !== "eof") throw this.#error(ending.at, `there is no block for ${ending.word}`);
    return render;
  }

  #parts(): { render: Evaluate<string>; ending: Ending } {
    const parts: Evaluate<string>[] = [];
    const render: Evaluate<string> = (dot, root) => parts.map((part) => part(dot, root)).join("");
    for (;;) {
      const token = this.#take();
      if (token.kind === "text") {
        parts.push(() => token.text);
        continue;
      }
      if (token.kind !== "open") return { render, ending: { word: "eof", at: token.at } };
      const { kind, text, at } = this.#peek();
      if (kind === "word" && (text === "end" || text === "else")) {
        this.#take();
        return { render, ending: { word: text, at } };
      }
      parts.push(this.#action());
    }
  }

  #action(): Evaluate<string> {
    const { kind, text } = this.#peek();
    const word = BLOCK_WORDS.find((word) => kind === "word" && word === text);
    if (word !== undefined) return this.#block(word);
    const value = this.#pipeline();
    this.#expect("close");
    return (dot, root) => textOf(value(dot, root));
  }

  #block(word: BlockWord): Evaluate<string> {
    const { at } = this.#take();
    this.#enter(at);
    const first = this.#peek().at;
    const value = this.#pipeline();
    this.#expect("close");
    const { render: body, ending } = this.#parts();
    const otherwise = ending.word === "else" ? this.#otherwise(word, at) : () => "";
    if (ending.word === "end") this.#expect("close");
    if (ending.word === "eof") throw this.#error(at, `there is no {{end}} for the ${word}`);
    this.#depth--;
    return (dot, root) => {
      const found = value(dot, root);
      if (word === "if") return isTrue(found) ? body(dot, root) : otherwise(dot, root);
      if (word === "with") return isTrue(found) ? body(found, root) : otherwise(dot, root);
      const items = itemsOf(found);
      if (items === undefined) throw this.#error(first, "there is nothing to range over");
      if (items.length === 0) return otherwise(dot, root);
      return items.map((item) => body(item, root)).join("");
    };
  }

  /**
   * What stands after `else`, to the end of the block; `{{else if …}}` is a block that shares it.
   */
  #otherwise(word: BlockWord, at: number): Evaluate<string> {
    const next = this.#peek();
    if (next.kind === "word" && next.text === word && word !== "range") return this.#block(word);
    this.#expect("close");
    const { render, ending } = this.#parts();
    if (ending.word === "else") {
      throw this.#error(ending.at, "this is the second else of the block");
    }
    if (ending.word === "eof") throw this.#error(at, `there is no {{end}} for the ${word}`);
    this.#expect("close");
    return render;
  }

  /** Commands, each of which gets the result of the one before as its last argument. */
  #pipeline(): Evaluate<unknown> {
    const commands = [this.#command()];
    while (this.#peek().kind === "|") {
      this.#take();
      const command = this.#command();
      if (!command.isFunction) throw this.#error(command.at, "expected a function after |");
      commands.push(command);
    }
    return (dot, root) =>
      commands.reduce<unknown[]>((piped, { run }) => [run(dot, root, piped)], [])[0];
  }

  #command(): Command {
    const first = this.#peek();
    const isFunction = first.kind === "word" && !Object.hasOwn(LITERALS, first.text);
    if (isFunction) this.#take();
    const operands: Evaluate<unknown>[] = [];
    for (let next = this.#operand(); next !== undefined; next = this.#operand()) {
      operands.push(next);
    }
    const { at, text } = first;
    const evaluate = (dot: unknown, root: unknown) => operands.map((each) => each(dot, root));
    if (isFunction) {
      const run: Command["run"] = (dot, root, piped) =>
        this.#call(text, [...evaluate(dot, root), ...piped], at);
      return { at, isFunction, run };
    }
    const [value] = operands;
    if (value === undefined) throw this.#unexpected(first, "a value or a function");
    if (operands.length > 1) {
      throw this.#error(at, "a value takes no arguments, and a function was expected");
    }
    return { at, isFunction, run: value };
  }

  #call(name: string, args: readonly unknown[], at: number): unknown {
    if (!Object.hasOwn(FUNCTIONS, name)) {
      const suggestions = nearest(name, Object.keys(FUNCTIONS));
      throw this.#error(at, `there is no function ${quote(name)}`, suggestions);
    }
    try {
      if (args.length === 0 && !PRINTING.has(name)) throw new Refusal("it needs an argument");
      return FUNCTIONS[name]?.(...args);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw this.#error(at, `${name} failed: ${error.message}`);
    }
  }

  #operand(): Evaluate<unknown> | undefined {
    const token = this.#peek();
    switch (token.kind) {
      case "literal":
        this.#take();
        return () => token.value;
      case "word":
        if (!Object.hasOwn(LITERALS, token.text)) {
          throw this.#error(token.at, `the function ${token.text} needs parentheses here`);
        }
        this.#take();
        return () => LITERALS[token.text];
      case "fields":
        return this.#fields((dot) => dot);
      case "$":
        this.#take();
        return this.#chained((_dot, root) => root);
      case "(": {
        this.#enter(this.#take().at);
        const result = this.#pipeline();
        this.#expect(")");
        this.#depth--;
        return this.#chained(result);
      }
      default:
        return undefined;
    }
  }

  /** The fields of a value, which follow it without a blank; without any, the value itself. */
  #chained(value: Evaluate<unknown>): Evaluate<unknown> {
    const { kind, apart } = this.#peek();
    return kind === "fields" && !apart ? this.#fields(value) : value;
  }

  #fields(value: Evaluate<unknown>): Evaluate<unknown> {
    const { text, at } = this.#take();
    // `.a.b` is the two names a and b, and `.` alone is none.
    const names = [...text.matchAll(/\.([^.]+)/g)];
    return (dot, root) =>
      names.reduce(
        (found, { 1: name = "", index }) => this.#field(found, name, at + index),
        value(dot, root),
      );
  }

  #field(value: unknown, name: string, at: number): unknown {
    // A fact that is not known has no details either.
    if (value === undefined) return undefined;
    if (!isRecord(value)) {
      throw this.#error(at, `${quote(name)} is a field of something that has no fields`);
    }
    if (Object.hasOwn(value, name)) return value[name];
    const suggestions = nearest(name, Object.keys(value)).map((field) => `.${field}`);
    throw this.#error(at, `there is no field ${quote(name)}`, suggestions);
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

  #error(at: number, reason: string, suggestions?: readonly string[]): InvalidInputError {
    return templateError(this.#template, { at, reason, suggestions });
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
