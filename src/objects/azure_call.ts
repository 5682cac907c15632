/**
 * One call of the Azure SDK: in time, tried again where that can help, failing in this program's
 * terms.
 * @module
 */
import type { BlockBlobClient } from "../deps/azure-storage-blob.ts";
import { explainAzure, giveUp } from "./azure_errors.ts";
import type { Log } from "../core/operation.ts";
import { completePolicy, retried, type RetryPolicy, type TransientError } from "../core/retry.ts";
import { withTimeLimit } from "../core/time_limit.ts";

/** An object, and how its requests are tried again. */
export interface AzureTarget {
  /** The SDK's handle of the object. */
  readonly blob: BlockBlobClient;
  /** The address of the object as the caller wrote it. */
  readonly uri: string;
  /** How to try again. */
  readonly retry: RetryPolicy;
  /** Stops the operation. */
  readonly signal?: AbortSignal;
  /** Told about repeated tries. */
  readonly log?: Log;
}

/** The slowest upload that is not a lost connection, in bytes a second. */
const SLOWEST = 64 * 1024;

/**
 * Calls the SDK. `work` gets the signal to hand on. A call that sends `sends` bytes may take
 * longer: the network does not tell how far a body has come.
 * @throws the errors of `explainAzure`.
 */
export async function callAzure<Result>(
  target: AzureTarget,
  work: (signal: AbortSignal) => Promise<Result>,
  { action, sends = 0 }: { readonly action: "read" | "write"; readonly sends?: number },
): Promise<Result> {
  const { uri, signal, retry } = target;
  const limit = completePolicy(retry).stallTime + Math.ceil(sends / SLOWEST) * 1000;
  const call = async () => {
    try {
      return await withTimeLimit(limit, work, signal);
    } catch (error) {
      throw explainAzure(error, { action, uri, signal });
    }
  };
  try {
    return await retried(call, {
      policy: retry,
      signal,
      onRetry: (...args) => logRetry(target, ...args),
    });
  } catch (error) {
    throw giveUp(error, { action, uri, signal });
  }
}

function logRetry({ log }: AzureTarget, { message }: TransientError, wait: number): void {
  log?.("info", `Trying the object store again in ${Math.ceil(wait / 1000)} s: ${message}`);
}
