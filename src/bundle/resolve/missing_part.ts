/**
 * A bundle that is there, and a part of it that is not.
 *
 * Where "not found" came up from a store, it would say that the bundle is not there. It is: what
 * failed is the transfer of a part.
 * @module
 */
import { type ErrorFacts, NotFoundError, TransferError } from "../../core/errors.ts";

/**
 * Waits for a part of a bundle, which messages call `what`.
 * @throws {TransferError} with the cause, when it is not found.
 */
export async function explained<Result>(
  work: Promise<Result>,
  what: string,
  facts: ErrorFacts = {},
): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof NotFoundError)) throw cause;
    throw new TransferError(
      `Cannot fetch ${what}: its content is missing where the bundle says it is: ${cause.message}`,
      { ...cause.facts, ...facts, cause },
    );
  }
}

/** Whether an error says that something is not there, be it a part of a bundle or anything else. */
export function isMissing(error: unknown): error is NotFoundError | TransferError {
  return error instanceof NotFoundError ||
    error instanceof TransferError && error.cause instanceof NotFoundError;
}
