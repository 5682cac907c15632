/**
 * How progress can be shown.
 * @module
 */

/** The forms of progress, as `--progress` names them. */
export const PROGRESS_STYLES = ["plain", "bar", "json", "none"] as const;

/** A form of progress. */
export type ProgressStyle = typeof PROGRESS_STYLES[number];
