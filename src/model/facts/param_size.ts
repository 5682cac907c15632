/**
 * Counts of parameters as people write them: `494m`, `1.5b`, `7b`.
 *
 * The form is a decimal count with at most one digit after the point and a letter for the
 * magnitude; see https://github.com/modelpack/model-spec/blob/main/docs/config.md
 * @module
 */

/** Magnitudes, the largest first. */
const SCALES: readonly (readonly [letter: string, factor: number])[] = [
  ["q", 1e15],
  ["t", 1e12],
  ["b", 1e9],
  ["m", 1e6],
  ["k", 1e3],
];

/**
 * The short form of a count: three digits are kept, one of them at most after the point.
 * `undefined` for counts that have no such form: less than 50, or no number at all.
 */
export function formatParamSize(count: number): string | undefined {
  if (!Number.isFinite(count) || count < 50) return undefined;
  for (const [letter, factor] of SCALES) {
    const value = count / factor;
    // What the next smaller letter would round to a thousand belongs to this one: 999 999 is 1m.
    if (value >= 0.9995 || letter === "k") return `${rounded(value)}${letter}`;
  }
  return undefined;
}

/** The count that a short form stands for, `undefined` when `text` is not of that form. */
export function parseParamSize(text: string): number | undefined {
  const [, count, letter] = /^(\d{1,6}(?:\.\d+)?)([a-z])$/i.exec(text.trim()) ?? [];
  const factor = SCALES.find(([known]) => known === letter?.toLowerCase())?.[1];
  if (count === undefined || factor === undefined) return undefined;
  return Math.round(Number(count) * factor);
}

/** One digit after the point below a hundred, none above. */
function rounded(value: number): number {
  return value < 99.95 ? Math.round(value * 10) / 10 : Math.round(value);
}
