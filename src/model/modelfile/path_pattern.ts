/**
 * The pattern of a Modelfile that names one path, whatever its name.
 * @module
 */

/** Whether a pattern is the name of a file, where there is one: braces alone decide nothing. */
export function mayBeName(pattern: string): boolean {
  return !/[*?[]/.test(pattern);
}

/**
 * The pattern of exactly this path, for us and for tools whose patterns have no braces: those take
 * a name without `*`, `?` and brackets as it is, backslashes included, and so do we where there is
 * such a file. In other names everything special is escaped; braces as classes, which all read.
 */
export function pathPattern(path: string): string {
  if (!/[*?[\]]/.test(path)) return path;
  return path.replace(/[*?[\]\\]/g, "\\$&").replace(/[{}]/g, "[$&]");
}
