/**
 * Objects in Azure Blob Storage.
 *
 * The digest of an object is recorded in its metadata, whose names have to be C# identifiers:
 * `sha256` and `modelops_sha256` are written, and `modelops-sha256` is read too.
 * @module
 */
import { digestHex, isDigest, parseDigest } from "../core/digest.ts";
import { ifFound, IntegrityError, InvalidInputError, ModelOpsError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { BlobSource } from "../core/content/source.ts";
import type { AzureAccess } from "./azure_access.ts";
import { type AzureTarget, callAzure } from "./azure_call.ts";
import {
  azureClient,
  type AzureClientOptions,
  type BlobFinder,
  checkContainer,
} from "./azure_client.ts";
import { readBlob } from "./azure_read.ts";
import { writeBlob } from "./azure_upload.ts";
import type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
  StatObjectOptions,
  StorageTier,
} from "./object_store.ts";
import { type ContainerUri, parseObjectUri, quoteUri } from "./object_uri.ts";
import { ifContent, overtaken } from "./overtaken.ts";
import { reported } from "../core/progress.ts";
import { forOneServer, type RetryPolicy } from "../core/retry.ts";

export interface AzureStoreOptions extends AzureClientOptions {
  /** Where the account is; called when the first object is touched. */
  readonly access: () => AzureAccess;
  readonly retry: RetryPolicy;
  /** Bytes a second that all requests have together, where the rate is limited. */
  readonly bytesPerSecond?: number;
}

/** Names of the metadata that holds the digest, the first one found counts. */
const DIGEST_NAMES = ["sha256", "modelops_sha256", "modelops-sha256"];

/** The service's names of the tiers. */
const TIERS: Readonly<Record<StorageTier, string>> = {
  hot: "Hot",
  cool: "Cool",
  archive: "Archive",
};

/** A store over one storage account; it takes `az://` and `azure://`. */
export class AzureStore implements ObjectStore {
  readonly #options: AzureStoreOptions;
  #finder: Promise<BlobFinder> | undefined;

  /** Makes a store; nothing is loaded, checked or sent before an object is touched. */
  constructor(options: AzureStoreOptions) {
    this.#options = { ...options, retry: forOneServer(options.retry) };
  }

  /** The address itself: what it leads to is a name in the account. */
  locate(uri: string): string {
    checkContainer(azureUri(uri));
    return uri;
  }

  /** What the service knows about a blob. A digest that is not one counts as unknown. */
  async stat(uri: string, options: StatObjectOptions = {}): Promise<ObjectFacts> {
    const target = await this.#target(uri, options);
    const found = await callAzure(
      { ...target, action: options.toWrite ? "write" : "read" },
      (blob, abortSignal) => blob.getProperties({ abortSignal }),
    );
    return {
      uri,
      size: found.contentLength ?? 0,
      sha256: recordedDigest(found.metadata ?? {}),
      tier: tierOf(found.accessTier),
      etag: found.etag,
    };
  }

  /** Opens a blob; the stream goes on over lost connections while the blob stays the same. */
  async open(uri: string, options: OpenObjectOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return await readBlob(await this.#target(uri, options), options);
  }

  /** Writes a blob, large ones in blocks that an interrupted upload finds again. */
  async put(uri: string, source: BlobSource, options: PutObjectOptions): Promise<ObjectFacts> {
    const digest = parseDigest(`sha256:${options.sha256}`);
    const target = await this.#target(uri, options);
    const { shownName: name = uri } = options;
    const report = { id: uri, name, size: source.size, phase: "upload" } as const;
    return await reported(report, options, async (onBytes, endAs) => {
      const there = await this.#there(uri, options);
      const same = ifContent(there, source.size, options);
      if (same) {
        endAs("skip");
        return await this.#retier(target, same, options.tier);
      }
      try {
        await writeBlob(target, source, {
          digest,
          tier: options.tier && TIERS[options.tier],
          metadata: { sha256: digestHex(digest), modelops_sha256: digestHex(digest) },
          conditions: there === undefined ? { ifNoneMatch: "*" } : { ifMatch: there.etag },
          beforeLast: there && options.beforeReplace,
          onBytes,
        });
      } catch (error) {
        if (!isOvertaken(error)) throw error;
        return await this.#instead(uri, source.size, { ...options, error });
      }
      return await this.#written(uri, source.size, options);
    });
  }

  /**
   * The facts of a blob that was not written because another one has its name. It may be the same
   * content: of another command, or of a first try whose answer was lost.
   */
  async #instead(
    uri: string,
    size: number,
    { error, ...options }: PutObjectOptions & { readonly error: unknown },
  ): Promise<ObjectFacts> {
    const there = await ifFound(this.stat(uri, { ...options, toWrite: true }));
    const same = ifContent(there, size, options);
    if (same) return same;
    throw there ? overtaken(uri) : error;
  }

  async #there(uri: string, options: PutObjectOptions): Promise<ObjectFacts | undefined> {
    const { there = await ifFound(this.stat(uri, { ...options, toWrite: true })) } = options;
    return there === "nothing" ? undefined : there;
  }

  /** Whether what was read came by way of a transport that now leaves it to the service. */
  async elsewhere(uri: string, failure: unknown): Promise<boolean> {
    const { distrust } = this.#options;
    return distrust?.(new URL((await this.#target(uri, {})).blob.url), failure) ?? false;
  }

  async #target(uri: string, { signal, log }: OperationOptions): Promise<AzureTarget> {
    const parsed = azureUri(uri);
    this.#finder ??= azureClient(this.#options.access(), this.#options);
    const find = await this.#finder;
    const { retry, bytesPerSecond } = this.#options;
    return { blob: find(parsed), uri, retry, bytesPerSecond, signal, log };
  }

  /** Moves a blob that is there already to the tier that is wanted. */
  async #retier(
    target: AzureTarget,
    facts: ObjectFacts,
    tier: StorageTier | undefined,
  ): Promise<ObjectFacts> {
    // An account without tiers has none to change.
    if (tier === undefined || facts.tier === undefined || tier === facts.tier) return facts;
    await callAzure(
      { ...target, action: "write" },
      (blob, abortSignal) => blob.setAccessTier(TIERS[tier], { abortSignal }),
    );
    return { ...facts, tier };
  }

  /**
   * The facts of a blob that was just written. The service has to confirm its size, and its digest
   * where it tells one: somebody else may have written at the same time, or nothing was kept.
   */
  async #written(uri: string, size: number, options: PutObjectOptions): Promise<ObjectFacts> {
    const facts = await this.stat(uri, { ...options, toWrite: true });
    const { size: found, sha256 = options.sha256 } = facts;
    if (found === size && sha256 === options.sha256) return facts;
    const [has, want] = found === size
      ? [`content of sha256:${sha256}`, `sha256:${options.sha256}`]
      : [`${found} bytes`, size];
    throw new IntegrityError(
      `Cannot write ${quoteUri(uri)}: the store has ${has}, want ${want}`,
      { expected: want, actual: found === size ? sha256 : found },
    );
  }
}

/** Whether the service refuses to write because of what has been written meanwhile. */
function isOvertaken(error: unknown): boolean {
  if (!(error instanceof ModelOpsError)) return false;
  const { status, code } = error.facts;
  // A commit takes the blocks of all who write the same blob with it.
  return status === 412 || code === "BlobAlreadyExists" || code === "InvalidBlockList";
}

function azureUri(uri: string): ContainerUri {
  const parsed = parseObjectUri(uri);
  if (parsed.scheme === "az" || parsed.scheme === "azure") return parsed;
  throw new InvalidInputError(
    `Cannot use ${quoteUri(uri)} as an object of Azure: want az://container/key`,
  );
}

function recordedDigest(metadata: Readonly<Record<string, string>>): string | undefined {
  const lower = new Map(
    Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const recorded = DIGEST_NAMES.map((name) => lower.get(name)).find((value) => value !== undefined);
  return recorded !== undefined && isDigest(`sha256:${recorded}`) ? recorded : undefined;
}

function tierOf(name: string | undefined): StorageTier | undefined {
  return (Object.keys(TIERS) as StorageTier[]).find((tier) => TIERS[tier] === name);
}
