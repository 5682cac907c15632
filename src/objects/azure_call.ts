/**
 * One call of the Azure SDK: in time, tried again where that can help, failing in this program's terms.
 * @module
 */
import type { BlockBlobClient } from "../deps/azure-storage-blob.ts";
import { explainAzure, giveUp } from "./azure_errors.ts";
import { type Patience, retried, StallWatch, type TryOptions } from "./retry.ts";

/** An object, and how patiently it is dealt with. */
export interface AzureTarget extends TryOptions {
  /** The SDK's handle of the object. */
  readonly blob: BlockBlobClient;
  /** The address of the object as the caller wrote it. */
  readonly uri: string;
  /** When to give up. */
  readonly patience: Patience;
}

/** The slowest upload that is not a lost connection, in bytes a second. */
const SLOWEST = 64 * 1024;

/**
 * Calls the SDK. `work` gets the signal to hand on. A call that sends `sends` bytes may take longer: the
 * network does not tell how far a body has come.
 * @throws the errors of `explainAzure`.
 */
export async function callAzure<Result>(
  target: AzureTarget,
  work: (signal: AbortSignal) => Promise<Result>,
  { action, sends = 0 }: { readonly action: "read" | "write"; readonly sends?: number },
): Promise<Result> {
  const { uri, signal, patience } = target;
  const limit = patience.stallTime + Math.ceil(sends / SLOWEST) * 1000;
  try {
    return await retried(
      async () => {
        const watch = new StallWatch(limit, signal);
        try {
          return await watch.during(() => work(watch.signal));
        } catch (error) {
          throw explainAzure(error, { action, uri, signal });
        }
      },
      patience,
      target,
    );
  } catch (error) {
    throw giveUp(error, { action, uri, signal });
  }
}
