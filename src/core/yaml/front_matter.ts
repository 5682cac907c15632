/**
 * Where the front matter of a README is. What reads it takes as long to load as the rest of a small
 * build, and most folders have none.
 * @module
 */

/** Bytes of the beginning of a README that are looked at: front matter comes first, or never. */
export const README_START = 64 * 1024;

/** The lines between the first two that consist of hyphens. */
const FRONT_MATTER = /^\uFEFF?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)/s;

/** The text of the front matter; `undefined` for a README that has none. */
export function frontMatter(readme: string): string | undefined {
  return FRONT_MATTER.exec(readme.slice(0, README_START))?.[1];
}

/** A README without its front matter. */
export function withoutFrontMatter(readme: string): string {
  const length = FRONT_MATTER.exec(readme.slice(0, README_START))?.[0].length ?? 0;
  return readme.slice(length);
}
