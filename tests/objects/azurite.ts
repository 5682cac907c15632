/** What tests of Azure share: one Azurite, stores over it, and networks that fail. @module */
import { azureStorageBlob } from "../../src/deps/azure-storage-blob.ts";
import { startAzurite } from "../support/registry.ts";
import type { RunningAzurite } from "../support/registry.ts";
import type { AzureSettings } from "../../src/objects/azure_access.ts";
import {
  type ObjectStoreNetwork,
  type ObjectStoreSettings,
  openObjectStore,
} from "../../src/objects/dispatch.ts";
import type { ObjectStore } from "../../src/objects/object_store.ts";

/** An Azurite with a container called `data`. */
export interface AzureWorld extends AsyncDisposable {
  readonly azurite: RunningAzurite;
  /** The settings that reach it with the account's key. */
  readonly azure: AzureSettings;
  /** A store over it. */
  store(network?: ObjectStoreNetwork, settings?: ObjectStoreSettings): ObjectStore;
}

/** Starts an Azurite. */
export async function azureWorld(): Promise<AzureWorld> {
  const azurite = await startAzurite();
  await azurite.createContainer("data");
  const { account, key, endpoint } = azurite;
  const azure = { account, key, endpoint };
  return {
    azurite,
    azure,
    store: (network = {}, settings = {}) =>
      openObjectStore({ azure, ...settings }, { retry: { firstWait: 1 }, ...network }),
    [Symbol.asyncDispose]: () => azurite[Symbol.asyncDispose](),
  };
}

/** A body that is cut after some bytes. */
export function cutBody(response: Response, after: number): Response {
  let left = after;
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) controller.error(new TypeError("connection reset"));
    },
  });
  return new Response(response.body?.pipeThrough(cut) ?? null, response);
}

/** The SDK's own client, for what this program never does. */
export async function service({ azurite }: AzureWorld) {
  const { BlobServiceClient, StorageSharedKeyCredential } = await azureStorageBlob();
  const credential = new StorageSharedKeyCredential(azurite.account, azurite.key);
  return new BlobServiceClient(azurite.endpoint, credential, {
    keepAliveOptions: { enable: false },
  });
}

/** A shared access signature of the account, as the query of a URL. */
export async function sasOf(
  world: AzureWorld,
  permissions: string,
  expiresOn?: Date,
): Promise<string> {
  const url = await (await service(world)).generateAccountSasUrl(
    expiresOn,
    { toString: () => permissions } as never,
  );
  return new URL(url).search;
}
