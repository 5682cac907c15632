/**
 * Variables of the environment.
 * @module
 */

/** Variables of the environment by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of the first variable that is set and not empty. */
export function firstSet(env: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}
