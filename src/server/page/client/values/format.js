/**
 * Numbers and times as people read them.
 * @module
 */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * Bytes in the unit that leaves one to four digits before the point: `4.6 GiB`.
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be shown as 1024.0.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/**
 * A count in short: `8.03B` for 8,030,261,248, as models are named.
 * @param {number} count
 */
export function formatCount(count) {
  for (
    const [size, letter] of /** @type {const} */ ([[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]])
  ) {
    if (count < size * 0.9995) continue;
    const value = count / size;
    return `${value >= 99.95 ? Math.round(value) : Number(value.toPrecision(3))}${letter}`;
  }
  return `${count}`;
}

/**
 * A whole number with its thousands apart.
 * @param {number} count
 */
export function formatNumber(count) {
  return count.toLocaleString("en");
}

/**
 * A number with its noun, which has an s for all but one.
 * @param {number} count
 * @param {string} noun
 * @param {string} [many]
 */
export function formatMany(
  count,
  noun,
  many = noun.endsWith("y") ? noun.slice(0, -1) + "ies" : `${noun}s`,
) {
  return `${formatNumber(count)} ${count === 1 ? noun : many}`;
}

/**
 * A part of a whole in percent; what is more than nothing is never shown as nothing.
 * @param {number} part
 * @param {number} whole
 */
export function formatShare(part, whole) {
  if (part === 0 || whole === 0) return "0%";
  const percent = part / whole * 100;
  if (percent < 0.1) return "<0.1%";
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)}%`;
}

/**
 * The start of a digest, long enough to know it again.
 * @param {string} digest
 */
export function shortDigest(digest) {
  const [algorithm = "", hex = ""] = digest.split(":");
  return hex === "" ? digest : `${algorithm}:${hex.slice(0, 12)}`;
}

/**
 * A day, `2026-11-03`; a text that is no time stays what it is.
 * @param {string} time RFC 3339.
 */
export function formatDay(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toISOString().slice(0, 10);
}

/** @type {readonly (readonly [Intl.RelativeTimeFormatUnit, number])[]} Units and their seconds. */
const AGES = [["year", 31_557_600], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], [
  "hour",
  3600,
], ["minute", 60]];

/**
 * How long ago a time is, `3 days ago`; the text itself where it is no time.
 * @param {string} time RFC 3339.
 * @param {number} [now] Milliseconds since 1970.
 */
export function formatAge(time, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return time;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const [unit, size] = AGES.find(([, size]) => Math.abs(seconds) >= size) ?? [];
  return unit === undefined || size === undefined
    ? "just now"
    : words.format(Math.trunc(seconds / size), unit);
}

/**
 * Sizes of a tensor, `4096 × 128`; a single number has none.
 * @param {readonly number[]} shape
 */
export function formatShape(shape) {
  return shape.length === 0 ? "scalar" : shape.join(" × ");
}
