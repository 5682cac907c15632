/**
 * The blobs of a bundle, each fetched once.
 *
 * With a cache, blobs are copied into it and read back from there, verified both times. Files of a
 * workspace are copies, which share blocks with the cache where the file system can do that, and
 * never hard links: a link can be written through, and a cache that changes under a digest would
 * spoil every later workspace.
 * @module
 */
import { ModelOpsError, UnsupportedError } from "../../core/errors.ts";
import { isUnwritable } from "../../core/file_errors.ts";
import type { Digest } from "../../core/digest.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { streamOf, verified } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { copyGraph } from "../../oci/copy_graph.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { capability } from "../../oci/capabilities.ts";
import { type ContentStore, openVerified, storeSource, takenFrom } from "../../oci/store.ts";
import { digestCheck } from "../../transfer/content_check.ts";
import { transferToFile } from "../../transfer/to_file.ts";
import type { TransferOptions } from "../../transfer/transfer_options.ts";
import { knownSize } from "../documents/bundle.ts";
import { explained } from "../resolve/missing_part.ts";

/** Reads blobs of a repository, through a cache where there is one. */
export class Blobs {
  readonly #store: ContentStore;
  #cache: ContentStore | undefined;
  readonly #options: OperationOptions;
  readonly #filling = new Map<Digest, Promise<void>>();
  /** Bytes that came from the repository. */
  bytesFetched = 0;

  /** Reads from `store`, through `cache` where one is given. */
  constructor(store: ContentStore, cache: ContentStore | undefined, options: OperationOptions) {
    this.#store = store;
    this.#cache = cache;
    this.#options = options;
  }

  /** Whether blobs are read through a cache; one that may not be written to is none any more. */
  get hasCache(): boolean {
    return this.#cache !== undefined;
  }

  /**
   * The blob with its size, which old indexes do not say.
   * @throws {TransferError} when the repository does not have it.
   */
  async sized(blob: Descriptor, path: string): Promise<Descriptor> {
    if (knownSize(blob) !== undefined) return blob;
    const stat = capability(this.#store, "stat");
    if (!stat) {
      throw new UnsupportedError(
        `Cannot fetch ${quote(path)}: its index does not say how large it is`,
        { path },
      );
    }
    const { size } = await explained(stat(blob.digest, this.#options), quote(path), { path });
    return { ...blob, size };
  }

  /**
   * Opens a blob, verified, from the cache where there is one.
   * @throws {TransferError} when the repository does not have it.
   */
  async open(blob: Descriptor, path: string): Promise<ReadableStream<Uint8Array>> {
    const cache = await this.#filledCache(blob, path);
    if (!cache) return await this.openDirectly(blob, path);
    return await openVerified(cache, blob, this.#options);
  }

  /**
   * The cache's own file of a blob, not verified; `undefined` where there is none.
   * @throws {TransferError} when the repository does not have it.
   */
  async cachedFile(blob: Descriptor, path: string): Promise<string | undefined> {
    const cache = await this.#filledCache(blob, path);
    return cache && capability(cache, "filePath")?.(blob);
  }

  /**
   * Opens a blob of the repository, verified.
   * @throws {TransferError} when the repository does not have it.
   */
  async openDirectly(blob: Descriptor, path: string): Promise<ReadableStream<Uint8Array>> {
    const stream = await explained(this.#store.open(blob, this.#options), quote(path), { path });
    this.bytesFetched += blob.size;
    return streamOf(verified(stream, blob, `${quote(path)} of ${this.#store.name}`));
  }

  /**
   * Receives a blob of the repository into a file, verified; what came of it stays when that is
   * stopped, at `partialBase`. `total` is the size of all that is moved together.
   * @throws {TransferError} when the repository does not have it.
   */
  async toFile(
    blob: Descriptor,
    path: string,
    { total, ...options }:
      & Required<Pick<TransferOptions, "partialBase" | "place" | "onBytes">>
      & { readonly total: number },
  ): Promise<void> {
    let kept = 0;
    const source = storeSource(this.#store, blob, total);
    const transferring = transferToFile(source, path, {
      ...operationOptions(this.#options),
      ...options,
      what: `${quote(path)} of ${this.#store.name}`,
      check: digestCheck(blob.digest),
      onBytes: (bytes, before = 0) => options.onBytes(bytes, kept = before),
    });
    await explained(transferring, quote(path), { path });
    this.bytesFetched += blob.size - kept;
  }

  /** Does what takes a blob of the repository, as {@linkcode takenFrom} does. */
  async taken(blob: Descriptor, work: () => Promise<void>): Promise<void> {
    await takenFrom(this.#store, blob, work);
  }

  async #filledCache(blob: Descriptor, path: string): Promise<ContentStore | undefined> {
    const cache = this.#cache;
    if (!cache) return undefined;
    let filling = this.#filling.get(blob.digest);
    if (!filling) this.#filling.set(blob.digest, filling = this.#fill(cache, blob, path));
    try {
      await filling;
    } catch (error) {
      if (!(error instanceof ModelOpsError && isUnwritable(error))) throw error;
      this.#passBy(cache, error);
    }
    return this.#cache;
  }

  /** Goes on without a cache that may not be written to: what is kept is a convenience. */
  #passBy({ name }: ContentStore, { message }: ModelOpsError): void {
    if (this.#cache === undefined) return;
    this.#cache = undefined;
    this.#options.log?.("warning", `Nothing is kept in ${name} for other workspaces: ${message}`);
  }

  async #fill(cache: ContentStore, blob: Descriptor, path: string): Promise<void> {
    // What there is to fetch was told for all blobs together.
    const { progress } = this.#options;
    const copying = copyGraph(this.#store, cache, blob, {
      ...this.#options,
      progress: progress && ((event) => event.state === "plan" || progress(event)),
      phase: "download",
      describe: () => path,
    });
    const { bytes } = await explained(copying, quote(path), { path });
    this.bytesFetched += bytes;
  }
}
