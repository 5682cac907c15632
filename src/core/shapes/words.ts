/**
 * What is wrong with a part of a document, in the words of this program.
 * @module
 */
import type { InvalidInputError } from "../errors.ts";
import { problemsError } from "../problems.ts";
import { quote } from "../text.ts";

/** What is wrong with a part of a document. */
export interface ShapeProblem {
  /** The keys and positions that lead to the part. */
  readonly path: readonly (string | number)[];
  /** What is wrong, as a clause that follows the name of the part. */
  readonly message: string;
}

/** A document in the shape that is wanted, or all that is wrong with it. */
export type Shaped<Value> =
  | { readonly value: Value; readonly problems?: undefined }
  | { readonly value?: undefined; readonly problems: readonly ShapeProblem[] };

/**
 * A document that has the shape that is wanted.
 *
 * @param what The document's name in messages.
 * @param action What is done with it, as messages say it after "Cannot".
 * @throws {InvalidInputError} with all that is wrong with it.
 */
export function checked<Value>(found: Shaped<Value>, what: string, action: string): Value {
  if (found.problems === undefined) return found.value;
  throw shapeError(found.problems, `${action} ${what}`);
}

function shapeError(problems: readonly ShapeProblem[], action: string): InvalidInputError {
  return problemsError(
    action,
    problems.map(({ path, message }) => ({
      message: `${path.join(".") || "document"}: ${message}`,
    })),
  );
}

/** What types of values are called. */
export const NOUNS: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "a map",
  record: "a map",
  string: "text",
};

/** Says of a value that something else is wanted. */
export function wanted(input: unknown, what: string): string {
  if (input === undefined) return "is missing";
  if (input === null) return `is empty, want ${what}`;
  if (input instanceof Date) return "is a date: put it in quotes";
  if (input instanceof Uint8Array) return `is binary data, want ${what}`;
  const type = Array.isArray(input) ? "array" : typeof input;
  if (type !== "number") return `is ${NOUNS[type] ?? type}, want ${what}`;
  if (what === NOUNS["int"]) return "is not a whole number";
  return `is ${Number.isFinite(input) ? NOUNS["number"] : input}, want ${what}`;
}

/** Says of a value that it is none of some. */
export function notAmong(input: unknown, values: readonly unknown[]): string {
  if (input === undefined) return "is missing";
  if (values.length === 1) return `is not ${JSON.stringify(values[0])}`;
  return `is none of ${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}

/** Says of a number that it is too small. */
export function tooSmall(minimum: unknown): string {
  return minimum === 0 ? "is negative" : `is less than ${minimum}`;
}

/** Says of a number that it is too large. */
export function tooLarge(maximum: unknown): string {
  return `is more than ${maximum}`;
}

/** Says of a map that it has more keys than it may have. */
export function strangeKeys(keys: readonly string[]): string {
  return `has keys that it must not have: ${keys.map((key) => quote(key)).join(", ")}`;
}

/** What is said where there are no words for it. */
export const OTHER_FORM = "has another form than is wanted";
