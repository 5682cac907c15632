/**
 * Readers of flag values: each turns the text after a flag into a value, or says why it cannot.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** Whether `value` is one of `values`. */
export function isOneOf<Value extends string>(
  values: readonly Value[],
  value: string,
): value is Value {
  return (values as readonly string[]).includes(value);
}

/**
 * Collects a flag that is given several times. Commander's own lists take every word that follows,
 * the positional arguments included.
 */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** Collects a flag that is given several times, each with one or more values between commas. */
export function collectList(
  value: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  const parts = value.split(",").map((part) => part.trim()).filter((part) => part !== "");
  return [...(previous ?? []), ...parts];
}

/**
 * Collects a flag that is given several times, each with patterns between commas. Commas within
 * braces or double quotes belong to the pattern.
 * @throws {InvalidInputError} when there is no pattern in it.
 */
export function collectPatterns(
  value: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  const parts = value.match(/(?:"[^"]*"|\{[^{}]*\}|[^,{"]|[{"])+/g) ?? [];
  const patterns = parts.map((part) => part.trim().replace(/^"(.*)"$/s, "$1"))
    .filter((pattern) => pattern !== "");
  if (patterns.length > 0) return [...(previous ?? []), ...patterns];
  throw new InvalidInputError(`Cannot use patterns ${quote(value)}: there is none`);
}

/**
 * Collects `key=value` pairs; the value may contain `=`, and a later one of the same key wins.
 * @throws {InvalidInputError} when there is no `=` or no key before it.
 */
export function collectPairs(
  pair: string,
  previous: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const equals = pair.indexOf("=");
  if (equals < 1) {
    throw new InvalidInputError(
      `Cannot use annotation ${quote(pair)}: it is not of the form key=value`,
    );
  }
  return { ...previous, [pair.slice(0, equals)]: pair.slice(equals + 1) };
}

const COLLECTORS: ReadonlySet<unknown> = new Set([
  collect,
  collectList,
  collectPatterns,
  collectPairs,
]);

/** Whether a reader keeps what earlier uses of its flag gave. */
export function isCollector(reader: unknown): boolean {
  return COLLECTORS.has(reader);
}

/**
 * A count of at least one.
 * @throws {InvalidInputError} when it is anything else.
 */
export function positiveCount(value: string): number {
  const count = /^\+?[0-9]{1,9}$/.test(value) ? Number(value) : 0;
  if (count > 0) return count;
  throw new InvalidInputError(
    `Cannot use count ${quote(value)}: it must be a whole number greater than 0`,
  );
}
