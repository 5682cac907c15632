/**
 * The one door to all object stores: each scheme's store is made when its first object is touched.
 * @module
 */
import { withoutEnd } from "../core/text.ts";
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import type { RetryPolicy } from "../core/retry.ts";
import { azureAccess, type AzureSettings, hasAzureCredential } from "./azure_access.ts";
import { fetchTransport } from "../http/fetch_sender.ts";
import type { AzureClientOptions } from "./azure_client.ts";
import { AzureStore } from "./azure_store.ts";
import { FileStore } from "./file_store.ts";
import type { ObjectStore } from "./object_store.ts";
import { type ObjectUri, parseObjectUri, quoteUri } from "./object_uri.ts";

/** Where objects are, as plain data. */
export interface ObjectStoreSettings {
  /** The Azure account, and what enters it. */
  readonly azure?: AzureSettings;
  /** Folder of the embedded store: `file:///folder` or a path of the file system. */
  readonly fileRoot?: string;
  /** Seconds without an answer or a byte, then a connection counts as lost; 30 when absent. */
  readonly timeoutSeconds?: number;
  /** Tries after the first; 5 when absent. */
  readonly retries?: number;
}

/** How the network is reached. Requests are carried by `fetch` where no transport is given. */
export interface ObjectStoreNetwork extends Partial<AzureClientOptions> {
  /** How to try again, where the settings do not say it. */
  readonly retry?: RetryPolicy;
  /** Bytes a second that all connections have together, where the rate is limited. */
  readonly bytesPerSecond?: number;
}

/**
 * A store for every scheme. `az://` and `azure://` go to Azure when there is anything to enter it
 * with, else to the folder of the embedded store. Nothing is checked, loaded or asked for before an
 * object is touched, but the numbers.
 * @throws {InvalidInputError} when a number of the settings makes no sense.
 */
export function openObjectStore(
  settings: ObjectStoreSettings,
  network: ObjectStoreNetwork = {},
): ObjectStore {
  checkNumbers(settings);
  const makers = storeMakers(settings, network);
  const storeOf = (uri: string) => makers[parseObjectUri(uri).scheme](uri);
  return {
    locate: (uri) => storeOf(uri).locate(uri),
    stat: async (uri, options) => await storeOf(uri).stat(uri, options),
    open: async (uri, options) => await storeOf(uri).open(uri, options),
    put: async (uri, source, options) => await storeOf(uri).put(uri, source, options),
    elsewhere: async (uri, failure) => await storeOf(uri).elsewhere?.(uri, failure) ?? false,
  };
}

type StoreMakers = Readonly<Record<ObjectUri["scheme"], (uri: string) => ObjectStore>>;

function storeMakers(settings: ObjectStoreSettings, network: ObjectStoreNetwork): StoreMakers {
  const files = once(() =>
    new FileStore({ root: settings.fileRoot && objectFolder(settings.fileRoot) })
  );
  const azure = once(() => makeAzure(settings, network));
  const embedded = !hasAzureCredential(settings.azure) && Boolean(settings.fileRoot);
  const container = embedded ? files : azure;
  return { az: container, azure: container, file: files, s3: unsupported, gs: unsupported };
}

function once(make: () => ObjectStore): () => ObjectStore {
  let made: ObjectStore | undefined;
  return () => made ??= make();
}

function makeAzure(settings: ObjectStoreSettings, network: ObjectStoreNetwork): ObjectStore {
  return new AzureStore({
    access: () => azureAccess(settings.azure ?? {}),
    retry: {
      ...network.retry,
      attempts: (settings.retries ?? 5) + 1,
      stallTime: (settings.timeoutSeconds ?? 30) * 1000,
    },
    transport: network.transport ?? fetchTransport,
    bytesPerSecond: network.bytesPerSecond,
    distrust: network.distrust,
    login: network.login,
  });
}

function unsupported(uri: string): never {
  throw new UnsupportedError(
    `Cannot use ${quoteUri(uri)}: there is no store for its scheme, only for az, azure and file`,
    { remedy: "keep the file in Azure Blob Storage (az://container/key) or in a folder (file:)" },
  );
}

/**
 * The path of the folder that the user named for objects.
 * @throws {InvalidInputError} when it is an address of something else.
 */
export function objectFolder(root: string): string {
  if (root !== "" && !/^[A-Za-z][A-Za-z0-9+.-]+:/.test(root)) return root;
  const path = absolutePath(withoutEnd(root, "/"));
  if (path !== undefined) return path;
  throw new InvalidInputError(
    `Cannot use ${quoteUri(root)} as the folder for objects: want file:///absolute/folder`,
    { setting: "objectStore" },
  );
}

/** The path of a `file:///…` address; `undefined` for anything else. */
function absolutePath(address: string): string | undefined {
  try {
    const parsed = parseObjectUri(address);
    return parsed.scheme === "file" && parsed.absolute ? parsed.path : undefined;
  } catch (error) {
    if (error instanceof InvalidInputError || error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

function checkNumbers({ timeoutSeconds = 30, retries = 5 }: ObjectStoreSettings): void {
  if (!(timeoutSeconds > 0 && timeoutSeconds <= 86_400)) {
    throw new InvalidInputError(
      `Cannot use ${timeoutSeconds} as the timeout of the object store: want more than 0 seconds ` +
        "and at most a day",
    );
  }
  if (!Number.isSafeInteger(retries) || retries < 0) {
    throw new InvalidInputError(
      `Cannot use ${retries} as the retries of the object store: want a whole number from 0`,
    );
  }
}
