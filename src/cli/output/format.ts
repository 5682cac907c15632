/**
 * Sizes, times and foreign text as people read them.
 * @module
 */
import { formatBytes } from "../../core/text.ts";
import { unseenReplacer } from "../../core/unseen.ts";

export { formatBytes } from "../../core/text.ts";

/** Bytes of a size as `320 of 400 MiB`; each with its unit where these differ. */
export function formatShare(bytes: number, size: number): string {
  const [part, whole] = [formatBytes(bytes), formatBytes(size)];
  const [number, unit] = part.split(" ");
  return whole.endsWith(` ${unit}`) ? `${number} of ${whole}` : `${part} of ${whole}`;
}

/** A duration in seconds as `0.4 s`, `12 s`, `3m 05s`, `2h 07m`. */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number) => String(value).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${pad(Math.floor(whole % 3600 / 60))}m`;
}

const SPANS: readonly (readonly [seconds: number, unit: string])[] = [
  [365 * 86400, "year"],
  [30 * 86400, "month"],
  [7 * 86400, "week"],
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
  [1, "second"],
];

/** How long ago a time was, in the largest unit that fits: `3 weeks ago`, `now`, `in 2 hours`. */
export function formatAge(time: Date, now: Date): string {
  const seconds = Math.trunc((now.getTime() - time.getTime()) / 1000);
  const span = SPANS.find(([length]) => Math.abs(seconds) >= length);
  if (span === undefined) return "now";
  const [length, unit] = span;
  const count = Math.floor(Math.abs(seconds) / length);
  const amount = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}

/** A time as RFC 3339 in UTC with seconds; `undefined` when the text is no time. */
export function formatTime(text: string | undefined): string | undefined {
  const time = new Date(text ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString().replace(/\.\d+Z$/, "Z");
}

/** A digest as people compare them: the algorithm and the first twelve digits. */
export function shortDigest(digest: string): string {
  return digest.replace(/^([^:]+:[0-9a-f]{12})[0-9a-f]+$/, "$1");
}

/** A number with its noun: `1 layer`, `3 layers`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What nobody sees as JSON writes it, so that the text of a document stays JSON. */
function toEscape(char: string): string {
  return char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

/**
 * Text from outside made harmless for a terminal: control characters, those that turn the
 * direction of writing, and those without a width are shown as escapes.
 */
export const escapeControls: (text: string) => string = unseenReplacer(toEscape);

/** The same for JSON: line ends and tabs between its words stay, and it means what it meant. */
export const escapeJsonControls: (json: string) => string = unseenReplacer(toEscape, "\t\n\r");

/** The same for text of several lines: line ends and tabs stay. */
export const escapeTextControls: (text: string) => string = unseenReplacer(toEscape, "\t\n");

/** A document as a line of JSON lines. */
export function jsonLine(document: unknown): string {
  return `${escapeJsonControls(JSON.stringify(document))}\n`;
}
