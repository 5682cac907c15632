/**
 * The one door to all object stores: each scheme's store is made when its first object is touched.
 * @module
 */
import { InvalidInputError, UnsupportedError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/source.ts";
import type { RetryPolicy } from "../core/retry.ts";
import { azureAccess, type AzureSettings, hasAzureCredential } from "./azure_access.ts";
import { fetchTransport } from "../http/transport.ts";
import type { Transport } from "../http/transport_options.ts";
import type { AzureClientOptions } from "./azure_client.ts";
import { AzureStore } from "./azure_store.ts";
import { FileStore } from "./file_store.ts";
import type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
} from "./object_store.ts";
import { type ObjectUri, parseObjectUri, quoteUri } from "./object_uri.ts";

/** Where objects are, as plain data. */
export interface ObjectStoreSettings {
  /** The Azure account, and what enters it. */
  readonly azure?: AzureSettings;
  /** Folder of the embedded store: `file:///folder` or a path of the file system. */
  readonly fileRoot?: string;
  /**
   * Seconds without an answer or a byte after which a connection counts as lost; 30 when absent.
   */
  readonly timeoutSeconds?: number;
  /** Tries after the first; 5 when absent. */
  readonly retries?: number;
}

/** How the network is reached. */
export interface ObjectStoreNetwork {
  /** Carries the requests; `fetch` when absent. */
  readonly transport?: Transport;
  /** Makes the login of Microsoft Entra ID; the SDK's default chain when absent. */
  readonly login?: AzureClientOptions["login"];
  /** How to try again, where the settings do not say it. */
  readonly retry?: RetryPolicy;
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
  return new DispatchStore(storeMakers(settings, network));
}

type Scheme = ObjectUri["scheme"];
type StoreMakers = Readonly<Record<Scheme, (uri: string) => ObjectStore>>;

function storeMakers(settings: ObjectStoreSettings, network: ObjectStoreNetwork): StoreMakers {
  const files = once(() => new FileStore({ root: rootFolder(settings.fileRoot) }));
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
    login: network.login,
  });
}

function unsupported(uri: string): never {
  throw new UnsupportedError(
    `Cannot use ${quoteUri(uri)}: there is no store for its scheme, only for az, azure and file`,
    { remedy: "keep the file in Azure Blob Storage (az://container/key) or in a folder (file:)" },
  );
}

/** The folder that `OBJECT_STORE` names. */
function rootFolder(root: string | undefined): string | undefined {
  if (!root) return undefined;
  if (!/^[A-Za-z][A-Za-z0-9+.-]+:/.test(root)) return root;
  const parsed = parseObjectUri(root.replace(/(?<=[^/])\/+$/, ""));
  if (parsed.scheme === "file" && parsed.absolute) return parsed.path;
  throw new InvalidInputError(
    `Cannot use ${quoteUri(root)} as the root of the object store: want file:///absolute/folder`,
    { remedy: "set OBJECT_STORE=file:///folder" },
  );
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

class DispatchStore implements ObjectStore {
  readonly #makers: StoreMakers;

  constructor(makers: StoreMakers) {
    this.#makers = makers;
  }

  async stat(uri: string, options?: OperationOptions): Promise<ObjectFacts> {
    return await this.#storeOf(uri).stat(uri, options);
  }

  async open(uri: string, options?: OpenObjectOptions): Promise<ReadableStream<Uint8Array>> {
    return await this.#storeOf(uri).open(uri, options);
  }

  async put(uri: string, source: BlobSource, options: PutObjectOptions): Promise<ObjectFacts> {
    return await this.#storeOf(uri).put(uri, source, options);
  }

  #storeOf(uri: string): ObjectStore {
    return this.#makers[parseObjectUri(uri).scheme](uri);
  }
}
