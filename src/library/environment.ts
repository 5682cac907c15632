/**
 * Variables of the environment.
 * @module
 */

import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";

/** Variables of the environment by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of the first variable that is set and not empty. */
export function firstSet(env: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}

/** The words that turn a switch on, in lower case. */
export const SWITCH_ON: readonly string[] = ["1", "true", "yes", "on"];
const SWITCH_OFF: readonly string[] = ["", "0", "false", "no", "off"];

/**
 * Whether a switch is on; white space around its value and upper case do not matter.
 * @throws {InvalidInputError} naming the variable and its value, when it says neither.
 */
export function isSwitchedOn(
  { name, value }: { readonly name: string; readonly value: string },
): boolean {
  const word = value.trim().toLowerCase();
  if (SWITCH_ON.includes(word)) return true;
  if (SWITCH_OFF.includes(word)) return false;
  throw new InvalidInputError(`Cannot use ${name}: ${quote(value)} is neither true nor false`, {
    remedy: `set ${name}=true or ${name}=false`,
  });
}

/** Which whole numbers a variable may have. */
export interface NumberRange {
  readonly least: number;
  readonly most: number;
}

/**
 * The whole number that a variable has; white space around it does not matter.
 * @throws {InvalidInputError} naming the variable and its value, when it is none in the range.
 */
export function wholeNumber(
  { name, value }: { readonly name: string; readonly value: string },
  { least, most }: NumberRange,
): number {
  const text = value.trim();
  const number = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new InvalidInputError(
    `Cannot use ${name}: ${quote(text)} is not a whole number from ${least} to ${most}`,
  );
}
