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

/** An operating system, a processor, and perhaps its variant, as Go and OCI write them. */
const PLATFORM = /^[a-z][a-z0-9]*\/[a-z][a-z0-9_]*(\/[a-z0-9.]+)?$/;

/**
 * Collects platforms as {@linkcode collectList} does.
 * @throws {InvalidInputError} when one is none.
 */
export function collectPlatforms(
  value: string,
  previous: readonly string[] | undefined,
): readonly string[] {
  const platforms = collectList(value, previous);
  const wrong = platforms.find((platform) => !PLATFORM.test(platform));
  if (wrong === undefined && platforms.length > 0) return platforms;
  throw new InvalidInputError(
    `Cannot use platform ${quote(wrong ?? value)}: it is not of the form system/processor`,
    { remedy: "write linux/amd64, linux/arm64/v8, or several between commas" },
  );
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
  collectPlatforms,
  collectPatterns,
  collectPairs,
]);

/** Whether a reader keeps what earlier uses of its flag gave. */
export function isCollector(reader: unknown): boolean {
  return COLLECTORS.has(reader);
}

/**
 * Reads the value of a flag that takes a count of at least one. Anything else is refused with an
 * {@linkcode InvalidInputError}.
 */
export function positiveCount(flag: string): (text: string) => number {
  return (text) => {
    const count = /^\+?[0-9]{1,9}$/.test(text) ? Number(text) : 0;
    if (count > 0) return count;
    throw new InvalidInputError(
      `Cannot use ${flag} ${quote(text)}: it must be a whole number greater than 0`,
    );
  };
}

/** Letters before the B, in the order of their powers. */
const PREFIXES = "kmgt";

/**
 * Bytes a second: `1048576`, `20MiB`, `20M`, `1.5 MB/s`. A letter alone and one with `i` stand for
 * powers of 1024, as curl has them; `kB` and `MB` for powers of 1000.
 * @param giver The flag or the variable that has the text.
 * @throws {InvalidInputError} when it is none, or less than a byte a second.
 */
export function parseRate(text: string, giver: string): number {
  return byteNumber(text, giver, "write bytes a second, as 20MiB, 500k or 1.5MB/s");
}

/**
 * Bytes, written as {@linkcode parseRate} reads them.
 * @throws {InvalidInputError} when it is none, or less than a byte.
 */
export function parseBytes(text: string, giver: string): number {
  return byteNumber(text, giver, "write bytes, as 500GiB, 20M or 1073741824");
}

function byteNumber(text: string, giver: string, remedy: string): number {
  const [, number = "", letter = "", unit = ""] =
    /^\s*(\d{1,15}(?:\.\d{1,15})?)\s*([kmgt]?)(i?B?)(?:\/s)?\s*$/i.exec(text) ?? [];
  const base = letter !== "" && unit.toUpperCase() === "B" ? 1000 : 1024;
  const power = letter === "" ? 0 : PREFIXES.indexOf(letter.toLowerCase()) + 1;
  const rate = Math.floor(Number(number) * base ** power);
  // Mb is how networks count bits; and an `i` stands between a letter and the B.
  const isBits = unit.endsWith("b") && letter !== letter.toLowerCase();
  const isUnit = !isBits && (letter !== "" || !/i/i.test(unit));
  if (number !== "" && isUnit && rate >= 1 && rate <= Number.MAX_SAFE_INTEGER) return rate;
  const found = isBits ? "it counts bits" : "it is not a count of bytes above 0";
  throw new InvalidInputError(`Cannot use ${giver} ${quote(text)}: ${found}`, {
    remedy,
  });
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads the value of a flag that takes a time such as `500ms`, `30s`, `10m` or `24h`, in
 * milliseconds; at most 30 days. Anything else is refused with an {@linkcode InvalidInputError}.
 */
export function duration(flag: string): (text: string) => number {
  return (text) => {
    const [, count = "", unit = ""] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
    const milliseconds = Number(count) * (UNITS[unit] ?? NaN);
    if (count !== "" && milliseconds <= 30 * 24 * 3_600_000) return milliseconds;
    throw new InvalidInputError(
      `Cannot use ${flag} ${quote(text)}: expected a number and ms, s, m or h, at most 720h`,
      { remedy: "write a time, as 500ms, 30s, 10m or 24h" },
    );
  };
}
