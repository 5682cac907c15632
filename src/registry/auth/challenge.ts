/**
 * The ways to authenticate that a server offers in `WWW-Authenticate`.
 * See https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 * @module
 */

/** One way to authenticate. */
export interface Challenge {
  /** The scheme in lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Parameters by their names in lower case; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The single value that some schemes have instead of parameters. */
  readonly token68?: string;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SCHEME = new RegExp(`[\\s,]*(${TOKEN})(?:[ \\t]+|(?=,|$))`, "y");
// Values without quotes are taken more freely than the grammar has them: servers forget the quotes
// of URLs.
const PARAMETER = new RegExp(
  `[\\s,]*(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s",=][^\\s",]*))[ \\t]*(?=,|$)`,
  "y",
);
const TOKEN68 = /([A-Za-z0-9\-._~+/]+=*)[ \t]*(?=,|$)/y;

/** Reads a header in its order. What cannot be read ends the list; it never throws. */
export function parseChallenges(header: string | null): Challenge[] {
  const text = header ?? "";
  const challenges: Challenge[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (match) position = pattern.lastIndex;
    return match;
  };
  for (let scheme = take(SCHEME); scheme; scheme = take(SCHEME)) {
    const parameters = new Map<string, string>();
    for (let match = take(PARAMETER); match; match = take(PARAMETER)) {
      const name = match[1]!.toLowerCase();
      const value = match[2]?.replace(/\\(.)/g, "$1") ?? match[3]!;
      if (!parameters.has(name)) parameters.set(name, value);
    }
    const token68 = parameters.size === 0 ? take(TOKEN68)?.[1] : undefined;
    challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters, token68 });
  }
  return challenges;
}
