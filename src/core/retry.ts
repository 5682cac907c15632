/**
 * When another try can succeed, and how long to wait for it. Every client of a server asks here.
 * @module
 */

const RETRIED = new Set([408, 429, 500, 502, 503, 504]);

/** Whether an answer with this HTTP status may be followed by a better one. */
export function isRetriedStatus(status: number): boolean {
  return RETRIED.has(status);
}

/** How long to wait. Times are in milliseconds. */
export interface BackoffOptions {
  /** Longest wait before the second try, doubled before each further one; 500 when absent. */
  readonly firstWait?: number;
  /** Longest wait of all; 30 000 when absent. */
  readonly longestWait?: number;
  /** A number from 0 up to 1; `Math.random` when absent. */
  readonly random?: () => number;
}

/**
 * Milliseconds to wait after so many failures in a row: anything up to a bound that doubles, so that
 * clients that failed together do not come back together.
 */
export function backoff(failures: number, options: BackoffOptions = {}): number {
  const { firstWait = 500, longestWait = 30_000, random = Math.random } = options;
  return random() * Math.min(longestWait, firstWait * 2 ** (failures - 1));
}

/**
 * Milliseconds that a `Retry-After` header asks for, in seconds or as a date (RFC 9110 §10.2.3);
 * `undefined` when it asks for nothing that can be understood.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  now: number = Date.now(),
): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = text === "" ? NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
