/**
 * The exit codes of the program.
 * @module
 */
import type { ErrorKind } from "../../core/errors.ts";

/** The exit code of each kind of failure. */
export const EXIT_CODES: Readonly<Record<FailureKind, number>> = {
  "not-found": 1,
  invalid: 2,
  transfer: 3,
  unexpected: 3,
  denied: 4,
  integrity: 5,
  unsupported: 10,
  "role-mismatch": 11,
  conflict: 12,
  interrupted: 130,
};

/** The exit code of a run that a signal stopped: 128 and its number, as shells have it. */
export const SIGNAL_CODES = { SIGHUP: 129, SIGINT: EXIT_CODES.interrupted, SIGTERM: 143 } as const;

/** The kinds of errors, and what else can end a run. */
export type FailureKind = ErrorKind | "unexpected" | "interrupted";
