/**
 * Text: made fit to be shown, quoted and compared.
 * @module
 */

/**
 * One line without control characters and direction marks, which could play tricks on a terminal,
 * and of at most `limit` characters.
 */
export function plainText(text: string, limit = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").replace(/ {2,}/g, " ")
    .trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/**
 * A value as messages show it: between double quotes, with JSON's escapes, and cut at `limit`
 * characters, so that a hostile name cannot fill the terminal.
 */
export function quote(text: string, limit = 1000): string {
  return JSON.stringify(text.length > limit ? `${text.slice(0, limit)}…` : text);
}

const ENCODER = new TextEncoder();

/**
 * Orders text by its UTF-8 bytes, which is the order of code points. The default order of
 * JavaScript compares UTF-16 units and puts emoji before some of CJK; other tools of this field
 * compare bytes.
 */
export function compareText(a: string, b: string): number {
  const left = ENCODER.encode(a);
  const right = ENCODER.encode(b);
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
