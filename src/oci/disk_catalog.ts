/**
 * The local store: all repositories under one storage folder.
 * @module
 */
import { join } from "node:path";
import { readDirIfExists, statKind } from "../core/files.ts";
import { compareText } from "../core/text.ts";
import { explainRead } from "../core/file_errors.ts";
import { IngestDigesters } from "./disk_ingest.ts";
import { DiskLayout } from "./disk_layout.ts";
import { DiskRepository, type SharedStore } from "./disk_repository.ts";
import type { Catalog } from "./store.ts";
import { type LockOptions, StoreLock } from "./store_lock.ts";

/** The local store in `<storage-dir>/content.v1`. A folder that does not exist is an empty store. */
export class DiskCatalog implements Catalog {
  /** Where everything lies. */
  readonly layout: DiskLayout;
  /** The lock that keeps prune away from writers. */
  readonly lock: StoreLock;
  readonly #shared: SharedStore;

  /** Names the store; nothing is made before something is written. */
  constructor(storageDir: string) {
    this.layout = new DiskLayout(join(storageDir, "content.v1"));
    this.lock = new StoreLock(join(storageDir, "modelops.lock"));
    this.#shared = { layout: this.layout, lock: this.lock, digesters: new IngestDigesters() };
  }

  /** As {@linkcode Catalog.repository} says. */
  repository(name: string): DiskRepository {
    return new DiskRepository(name, this.#shared);
  }

  /** As {@linkcode Catalog.repositories} says. */
  async *repositories(): AsyncIterable<string> {
    for await (const { name, parts } of this.folders()) {
      if (parts.includes("_manifests")) yield name;
    }
  }

  /**
   * Every repository folder in bytewise order of names, with the parts it has (`_layers`, `_manifests`,
   * `_uploads`): also those that hold only blobs or unfinished uploads so far.
   */
  async *folders(): AsyncIterable<{ name: string; parts: readonly string[] }> {
    const found = await Array.fromAsync(this.#below([]));
    yield* found.sort((a, b) => compareText(a.name, b.name));
  }

  /** Keeps prune away while something is built up from several writes. */
  async deferPrune(options: LockOptions = {}): Promise<AsyncDisposable> {
    return await this.lock.shared(options);
  }

  async *#below(
    components: readonly string[],
  ): AsyncIterable<{ name: string; parts: readonly string[] }> {
    const entries = await readFolder(join(this.layout.repositories, ...components));
    const names: string[] = [];
    for (const entry of entries) {
      // What a link leads to counts as here: prune must see who needs a blob.
      const path = join(this.layout.repositories, ...components, entry.name);
      if (entry.isDirectory || entry.isSymlink && await statKind(path) === "folder") {
        names.push(entry.name);
      }
    }
    // Names of repositories never start with "_"; the folders of a repository's own data do.
    const parts = names.filter((name) => name.startsWith("_"));
    if (parts.length > 0) yield { name: this.layout.repositoryName(components), parts };
    for (const name of names) {
      if (!name.startsWith("_")) yield* this.#below([...components, name]);
    }
  }
}

async function readFolder(path: string): Promise<Deno.DirEntry[]> {
  try {
    return await readDirIfExists(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}
