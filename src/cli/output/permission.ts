/**
 * What the runtime did not let this run do, and the flag that allows it.
 * @module
 */

/** A permission that a run does not have. */
export interface MissingPermission {
  /** What was wanted: `read access to "/etc/hosts"`. */
  readonly wanted: string;
  /** The flag of the runtime that allows it: `--allow-read=/etc/hosts`. */
  readonly flag: string;
}

/** The permission that an error, or one that caused it, says is missing. */
export function missingPermission(error: unknown): MissingPermission | undefined {
  if (!(error instanceof Error)) return undefined;
  if (!(error instanceof Deno.errors.NotCapable)) return missingPermission(error.cause);
  const [, wanted, target, flag] =
    /Requires (\w+ access(?: to "?([^"]*?)"?)?), run again with the (--allow-[\w-]+) flag/
      .exec(error.message) ?? [];
  if (wanted === undefined || flag === undefined) return undefined;
  // What is no name, such as <CWD>, cannot be allowed by its name.
  const isName = target !== undefined && !/^<|\s|,/.test(target);
  return { wanted, flag: isName ? `${flag}=${target}` : flag };
}
