/**
 * The local store: all repositories under one storage folder.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { compareText } from "../core/text.ts";
import { type LocalRepository, PartedRepository, type StoreParts } from "./parts/repository.ts";
import { DiskStore } from "./disk_store.ts";
import type { StoreUsage, UploadAgeOptions } from "./disk/housekeeping.ts";
import { lstatIfExists } from "../core/files.ts";
import { merged } from "./parts/several.ts";
import type { PruneReport, PruneStoreOptions } from "./prune.ts";
import { looksLikeHost } from "./reference.ts";
import type { Catalog } from "./store.ts";
import type { VerifyRoot, VerifyStoreOptions, VerifyStoreReport } from "./verify.ts";

/** Repositories that are passed by before others have their turn. */
const TURN = 500;

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

/**
 * The local store: `<storage-dir>/content.v1`, in the tree of the CNCF Distribution registry, and
 * `<storage-dir>/apart.v1`, in the same, for what modctl cannot list.
 */
export class DiskCatalog implements LocalCatalog {
  readonly #parts: StoreParts;

  /** Names the store; nothing is made before something is written. */
  constructor(storageDir: string) {
    const shared = new DiskStore(storageDir);
    this.#parts = {
      shared,
      apart: new DiskStore(storageDir, { part: "apart.v1", beside: shared }),
    };
  }

  /** As {@linkcode Catalog.repository} says. */
  repository(name: string): LocalRepository {
    return new PartedRepository(name, this.#parts);
  }

  /** As {@linkcode Catalog.repositories} says. */
  async *repositories(): AsyncIterable<string> {
    const [shared, apart] = (await this.#stores()).map(repositoriesIn);
    yield* apart === undefined ? shared! : merged([shared!, apart], (name) => name);
  }

  /** As {@linkcode LocalCatalog.hosts} says. */
  async hosts(): Promise<readonly string[]> {
    const names = new Set<string>();
    for (const store of await this.#stores()) {
      for (const name of await store.topNames()) if (looksLikeHost(name)) names.add(name);
    }
    return [...names].sort(compareText);
  }

  /** As {@linkcode LocalCatalog.deferPrune} says. */
  async deferPrune(options: OperationOptions = {}): Promise<AsyncDisposable> {
    return await this.#parts.shared.lock.shared(options);
  }

  /** As {@linkcode LocalCatalog.prune} says. */
  async prune(options: PruneStoreOptions = {}): Promise<PruneReport> {
    const { pruneStore } = await import("./prune.ts");
    return await pruneStore(await this.#stores(), options);
  }

  /** As {@linkcode LocalCatalog.verify} says. */
  async verify(
    roots: readonly VerifyRoot[] | "all",
    options: VerifyStoreOptions = {},
  ): Promise<VerifyStoreReport> {
    const { verifyStore } = await import("./verify.ts");
    return await verifyStore(this.#parts, roots, options);
  }

  /** As {@linkcode LocalCatalog.reapUploads} says. */
  async reapUploads(options: UploadAgeOptions): Promise<number> {
    const { reapUploads } = await import("./disk/housekeeping.ts");
    return await reapUploads(await this.#stores(), options);
  }

  /** As {@linkcode LocalCatalog.usage} says. */
  async usage(options: OperationOptions = {}): Promise<StoreUsage> {
    const { storeUsage } = await import("./disk/housekeeping.ts");
    return await storeUsage(await this.#stores(), options);
  }

  /** The parts that are there; the shared one in any case. */
  async #stores(): Promise<readonly [DiskStore, ...DiskStore[]]> {
    const { shared, apart } = this.#parts;
    return await lstatIfExists(apart.layout.root) === undefined ? [shared] : [shared, apart];
  }
}

async function* repositoriesIn(store: DiskStore): AsyncIterable<string> {
  let looks = 0;
  for (const { name, parts } of await store.rememberedFolders()) {
    // Tens of thousands pass in one go to whoever looks for the last.
    if (++looks % TURN === 0) await giveWay();
    if (parts.includes("_manifests")) yield name;
  }
}
