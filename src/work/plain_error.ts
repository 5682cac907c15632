/**
 * Errors on their way between threads, where they lose their classes.
 * @module
 */
import * as errors from "../core/errors.ts";

/** What of an error crosses to another thread. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly facts?: errors.ErrorFacts;
  readonly cause?: PlainError;
}

type ErrorClass = new (message: string, facts?: errors.ErrorFacts) => Error;

/** The classes that an error gets back, by its name: ours, and those of the platform. */
const CLASSES = new Map<string, ErrorClass>([
  ...Object.entries(Deno.errors),
  ...[
    errors.AccessDeniedError,
    errors.ConflictError,
    errors.IntegrityError,
    errors.InvalidInputError,
    errors.NotFoundError,
    errors.TransferError,
    errors.UnsupportedError,
  ].map((made): [string, ErrorClass] => [made.name, made]),
] as [string, ErrorClass][]);

/** Takes an error apart. */
export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  return {
    name: error.name,
    message: error.message,
    code: "code" in error && typeof error.code === "string" ? error.code : undefined,
    facts: error instanceof errors.ModelOpsError ? error.facts : undefined,
    cause: error.cause === undefined ? undefined : plainError(error.cause),
  };
}

/** Puts an error together again. */
export function errorOf({ name, message, code, facts, cause }: PlainError): Error {
  const known = CLASSES.get(name);
  const error = known ? new known(message, facts) : new Error(message);
  return Object.assign(error, { name }, code && { code }, cause && { cause: errorOf(cause) });
}
