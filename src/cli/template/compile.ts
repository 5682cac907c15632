/**
 * Templates as `--format` takes them: `{{.Digest}}`, `{{range .Layers}}{{.Filepath}}\n{{end}}`.
 *
 * The language is the part of Go's text/template that people use with such flags: fields, `json`,
 * `len`, `index` and some more functions, pipelines, `if`, `with` and `range`; there are no
 * variables.
 * @module
 */
import { nearest } from "../../core/suggest.ts";
import { compareText, quote } from "../../core/text.ts";
import {
  type FieldName,
  type Operand,
  parseTemplate,
  type Pipeline,
  templateError,
  type TemplatePart,
} from "./parser.ts";

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
  const parts = parseTemplate(text);
  return { render: (value) => new Renderer(text, value).parts(parts, value) };
}

/** A reason why a function cannot take its arguments. */
class Refusal extends Error {}

type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** The functions by name. */
const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => JSON.stringify(value) ?? "null",
  len: length,
  index: (value, ...keys) => keys.reduce(element, value),
  print: (...values) => values.map(textOf).join(" "),
  println: (...values) => `${values.map(textOf).join(" ")}\n`,
  join: (values, separator) => listOf(values).map(textOf).join(textOf(separator)),
  split: (text, separator) => textOf(text).split(textOf(separator)),
  lower: (text) => textOf(text).toLowerCase(),
  upper: (text) => textOf(text).toUpperCase(),
  eq: (value, ...others) => others.includes(value),
  ne: (value, other) => value !== other,
  not: (value) => !isTrue(value),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
};

class Renderer {
  readonly #template: string;
  readonly #root: unknown;

  constructor(template: string, root: unknown) {
    this.#template = template;
    this.#root = root;
  }

  parts(parts: readonly TemplatePart[], dot: unknown): string {
    return parts.map((part) => this.#part(part, dot)).join("");
  }

  #part(part: TemplatePart, dot: unknown): string {
    if (part.kind === "text") return part.text;
    const value = this.#pipeline(part.pipeline, dot);
    switch (part.kind) {
      case "print":
        return textOf(value);
      case "if":
        return this.parts(isTrue(value) ? part.body : part.otherwise, dot);
      case "with":
        return isTrue(value) ? this.parts(part.body, value) : this.parts(part.otherwise, dot);
      case "range": {
        const items = itemsOf(value);
        if (items === undefined) {
          throw this.#error(part.pipeline[0]?.at, "there is nothing to range over");
        }
        if (items.length === 0) return this.parts(part.otherwise, dot);
        return items.map((item) => this.parts(part.body, item)).join("");
      }
    }
  }

  #pipeline(pipeline: Pipeline, dot: unknown): unknown {
    let result: readonly unknown[] = [];
    for (const { name, operands, at } of pipeline) {
      const values = operands.map((operand) => this.#operand(operand, dot));
      result = [name === undefined ? values[0] : this.#call(name, [...values, ...result], at)];
    }
    return result[0];
  }

  #call(name: string, args: readonly unknown[], at: number): unknown {
    if (!Object.hasOwn(FUNCTIONS, name)) {
      const suggestions = nearest(name, Object.keys(FUNCTIONS));
      throw this.#error(at, `there is no function ${quote(name)}`, suggestions);
    }
    try {
      if (args.length === 0) throw new Refusal("it needs an argument");
      return FUNCTIONS[name]?.(...args);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw this.#error(at, `${name} failed: ${error.message}`);
    }
  }

  #operand(operand: Operand, dot: unknown): unknown {
    if (operand.kind === "literal") return operand.value;
    const { from, names } = operand;
    const start = from === "dot" ? dot : from === "root" ? this.#root : this.#pipeline(from, dot);
    return names.reduce((value, name) => this.#field(value, name), start);
  }

  #field(value: unknown, { name, at }: FieldName): unknown {
    // A fact that is not known has no details either.
    if (value === undefined) return undefined;
    if (!isRecord(value)) {
      throw this.#error(at, `${quote(name)} is a field of something that has no fields`);
    }
    if (Object.hasOwn(value, name)) return value[name];
    const suggestions = nearest(name, Object.keys(value)).map((field) => `.${field}`);
    throw this.#error(at, `there is no field ${quote(name)}`, suggestions);
  }

  #error(at: number | undefined, reason: string, suggestions?: readonly string[]) {
    return templateError(this.#template, { at: at ?? 1, reason, suggestions });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as text: nothing for what is not known, JSON for what has parts. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What counts as true: everything but false, 0, and what is empty. */
function isTrue(value: unknown): boolean {
  return typeof value === "object" ? (itemsOf(value)?.length ?? 0) > 0 : Boolean(value);
}

/** The elements of a list, or the values of a record in the order of their keys. */
function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return undefined;
  return Object.keys(value).sort(compareText).map((key) => value[key]);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new Refusal("it is not a list");
}

/** Bytes of a text, elements of a list, keys of a record. */
function length(value: unknown): number {
  if (typeof value === "string") return new TextEncoder().encode(value).byteLength;
  const items = itemsOf(value);
  if (items === undefined) throw new Refusal(`${textOf(value)} has no length`);
  return items.length;
}

function element(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    if (typeof key !== "number") throw new Refusal("a list is indexed by a number");
    if (key < 0 || key >= value.length) {
      throw new Refusal(`there is no element ${key}, the list has ${value.length}`);
    }
    return value[key];
  }
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw new Refusal("it has no elements");
  const name = textOf(key);
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
