/**
 * Text: made fit to be shown, quoted and compared.
 * @module
 */
import { Buffer } from "node:buffer";

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

/**
 * Orders text by its UTF-8 bytes, which is the order of code points. The default order of
 * JavaScript compares UTF-16 units and puts emoji before some of CJK; other tools of this field
 * compare bytes.
 */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
