/**
 * The local store: all repositories under one storage folder.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import { giveWay } from "../core/runtime/turn.ts";
import type { LocalCapabilities } from "./capabilities.ts";
import { DiskRepository } from "./disk_repository.ts";
import { DiskStore } from "./disk_store.ts";
import type { StoreUsage, UploadAgeOptions } from "./disk/housekeeping.ts";
import type { PruneReport, PruneStoreOptions } from "./prune.ts";
import { looksLikeHost } from "./reference.ts";
import type { Catalog, ContentStore } from "./store.ts";
import type { VerifyRoot, VerifyStoreOptions, VerifyStoreReport } from "./verify.ts";

/** Repositories that are passed by before others have their turn. */
const TURN = 500;

/** One repository of the local store. */
export interface LocalRepository extends ContentStore, LocalCapabilities {
  /** Whether there is such a tag or manifest, be it damaged or whole. */
  knows(target: string): Promise<boolean>;
  /** The digest that a tag names, be its manifest damaged or whole; `undefined` for none. */
  named(tag: string): Promise<Digest | undefined>;
  /** Notes that what a tag names came from the registry, and was not made on this machine. */
  notePulled(tag: string): Promise<void>;
  /** Whether that was noted of what the tag names now. */
  wasPulled(tag: string): Promise<boolean>;
}

/** The local store. */
export interface LocalCatalog extends Catalog {
  /** As {@linkcode Catalog.repository} says. */
  repository(name: string): LocalRepository;
  /** The hosts that names of its repositories begin with, in bytewise order. */
  hosts(): Promise<readonly string[]>;
  /** Keeps prune away, until disposed, while something is built up from several writes. */
  deferPrune(options?: OperationOptions): Promise<AsyncDisposable>;
  /** Frees what nothing names any more, as {@linkcode PruneStoreOptions} say. */
  prune(options?: PruneStoreOptions): Promise<PruneReport>;
  /** Reads artifacts, or everything, again, as {@linkcode verifyStore} says. */
  verify(
    roots: readonly VerifyRoot[] | "all",
    options?: VerifyStoreOptions,
  ): Promise<VerifyStoreReport>;
  /** Removes uploads that nobody goes on with, and tells how many they were. */
  reapUploads(options: UploadAgeOptions): Promise<number>;
  /** Counts what the store holds; it looks at every blob. */
  usage(options?: OperationOptions): Promise<StoreUsage>;
}

/** The local store below a storage folder. A folder that does not exist is an empty store. */
export function diskCatalog(storageDir: string): LocalCatalog {
  return new DiskCatalog(storageDir);
}

/** The local store in `<storage-dir>/content.v1`, in the tree of the CNCF Distribution registry. */
export class DiskCatalog implements LocalCatalog {
  readonly #store: DiskStore;

  /** Names the store; nothing is made before something is written. */
  constructor(storageDir: string) {
    this.#store = new DiskStore(storageDir);
  }

  /** As {@linkcode Catalog.repository} says. */
  repository(name: string): LocalRepository {
    return new DiskRepository(name, this.#store);
  }

  /** As {@linkcode Catalog.repositories} says. */
  async *repositories(): AsyncIterable<string> {
    let looks = 0;
    for (const { name, parts } of await this.#store.rememberedFolders()) {
      // Tens of thousands pass in one go to whoever looks for the last.
      if (++looks % TURN === 0) await giveWay();
      if (parts.includes("_manifests")) yield name;
    }
  }

  /** As {@linkcode LocalCatalog.hosts} says. */
  async hosts(): Promise<readonly string[]> {
    return (await this.#store.topNames()).filter(looksLikeHost);
  }

  /** As {@linkcode LocalCatalog.deferPrune} says. */
  async deferPrune(options: OperationOptions = {}): Promise<AsyncDisposable> {
    return await this.#store.lock.shared(options);
  }

  /** As {@linkcode LocalCatalog.prune} says. */
  async prune(options: PruneStoreOptions = {}): Promise<PruneReport> {
    const { pruneStore } = await import("./prune.ts");
    return await pruneStore(this.#store, options);
  }

  /** As {@linkcode LocalCatalog.verify} says. */
  async verify(
    roots: readonly VerifyRoot[] | "all",
    options: VerifyStoreOptions = {},
  ): Promise<VerifyStoreReport> {
    const { verifyStore } = await import("./verify.ts");
    return await verifyStore(this.#store, roots, options);
  }

  /** As {@linkcode LocalCatalog.reapUploads} says. */
  async reapUploads(options: UploadAgeOptions): Promise<number> {
    const { reapUploads } = await import("./disk/housekeeping.ts");
    return await reapUploads(this.#store, options);
  }

  /** As {@linkcode LocalCatalog.usage} says. */
  async usage(options: OperationOptions = {}): Promise<StoreUsage> {
    const { storeUsage } = await import("./disk/housekeeping.ts");
    return await storeUsage(this.#store, options);
  }
}
