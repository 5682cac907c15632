/**
 * One call of the Azure SDK: in time, tried again where that can help, failing in this program's
 * terms.
 * @module
 */
import type { BlockBlobClient } from "../deps/azure-storage-blob.ts";
import { type AzureAction, explainAzure, giveUp } from "./azure_errors.ts";
import type { Log } from "../core/operation.ts";
import { completePolicy, retried, type RetryPolicy, type TransientError } from "../core/retry.ts";
import { withTimeLimit } from "../core/waiting/time_limit.ts";

/** An object, and how its requests are tried again. */
export interface AzureTarget extends Omit<AzureAction, "action"> {
  readonly blob: BlockBlobClient;
  readonly retry: RetryPolicy;
  /** Told about repeated tries. */
  readonly log?: Log;
  /** Bytes a second that all requests have together, where the rate is limited. */
  readonly bytesPerSecond?: number;
}

/** A call on an object. */
export interface AzureCall extends AzureTarget, AzureAction {
  /** Bytes that it sends; none when absent. */
  readonly sends?: number;
}

/** The slowest upload that is not a lost connection, in bytes a second. */
const SLOWEST = 64 * 1024;

/** More requests are never under way at once, so each has at least this share of a limited rate. */
const SHARES = 64;

/**
 * Calls the SDK. `work` gets the signal to hand on. A call that sends bytes may take longer: the
 * network does not tell how far a body has come.
 * @throws the errors of `explainAzure`.
 */
export async function callAzure<Result>(
  call: AzureCall,
  work: (blob: BlockBlobClient, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { blob, retry: policy, signal, log, sends = 0 } = call;
  const slowest = Math.min(SLOWEST, (call.bytesPerSecond ?? Infinity) / SHARES);
  const limit = completePolicy(policy).stallTime + Math.ceil(sends / slowest) * 1000;
  const once = async () => {
    try {
      return await withTimeLimit(limit, (signal) => work(blob, signal), signal);
    } catch (error) {
      throw explainAzure(error, call);
    }
  };
  const onRetry = ({ message }: TransientError, wait: number) =>
    log?.("info", `Trying the object store again in ${Math.ceil(wait / 1000)} s: ${message}`);
  try {
    return await retried(once, { what: call.uri, policy, signal, onRetry });
  } catch (error) {
    throw giveUp(error, call);
  }
}
