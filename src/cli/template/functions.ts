/**
 * The functions of templates, and what they take values for.
 * @module
 */
import { isRecord } from "../../core/json.ts";
import { compareText } from "../../core/text.ts";

/** A reason why a function cannot take its arguments. */
export class Refusal extends Error {}

type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** The functions by name. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
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

/** A value as text: nothing for what is not known, JSON for what has parts. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What counts as true: everything but false, 0, and what is empty. */
export function isTrue(value: unknown): boolean {
  return typeof value === "object" ? (itemsOf(value)?.length ?? 0) > 0 : Boolean(value);
}

/** The elements of a list, or the values of a record in the order of their keys. */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
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
