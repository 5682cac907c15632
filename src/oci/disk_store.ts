/**
 * What all repositories of the local store share: where everything lies, the lock, and the blobs.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { explainRead } from "../core/file_errors.ts";
import { readDirIfExists, statKind } from "../core/files.ts";
import { compareText } from "../core/text.ts";
import { BlobTurns } from "./disk/blob_turns.ts";
import { DescribedManifests } from "./disk/described_manifests.ts";
import { IngestHashes } from "./disk/ingest_hashes.ts";
import { DiskBlobs } from "./disk_blobs.ts";
import { DiskLayout } from "./disk_layout.ts";
import { StoreLock } from "./store_lock.ts";

/** A repository's folder. */
interface RepositoryFolder {
  readonly name: string;
  /** What it has: `_layers`, `_manifests`, `_uploads`. */
  readonly parts: readonly string[];
}

/** The store in `<storage-dir>/content.v1`. */
export class DiskStore {
  /** Where everything lies. */
  readonly layout: DiskLayout;
  /** The lock that keeps prune away from writers. */
  readonly lock: StoreLock;
  /** The blobs of all repositories. */
  readonly blobs: DiskBlobs;
  /** Whose turn it is to receive a blob. */
  readonly turns: BlobTurns;
  /** What large manifests are. */
  readonly described = new DescribedManifests();
  /** What has hashed the bytes of unfinished uploads. */
  readonly hashes = new IngestHashes();

  /** Names the store; nothing is made before something is written. */
  constructor(storageDir: string) {
    this.layout = new DiskLayout(join(storageDir, "content.v1"));
    this.lock = new StoreLock(join(storageDir, "modelops.lock"));
    this.blobs = new DiskBlobs(this.layout);
    this.turns = new BlobTurns(this.layout.turns, this.lock);
  }

  /** Every repository's folder by name, also where there is no manifest yet. */
  async *folders(): AsyncIterable<RepositoryFolder> {
    const found = await Array.fromAsync(this.#below([]));
    yield* found.sort((a, b) => compareText(a.name, b.name));
  }

  /** The first components of all names of repositories, in bytewise order. */
  async topNames(): Promise<string[]> {
    const folder = this.layout.repositories;
    const entries = await readDirIfExists(folder).catch((error) => {
      throw explainRead(folder, error);
    });
    return entries.map(({ name }) => this.layout.repositoryName([name])).sort(compareText);
  }

  async *#below(components: readonly string[]): AsyncIterable<RepositoryFolder> {
    const folder = join(this.layout.repositories, ...components);
    const entries = await readDirIfExists(folder).catch((error) => {
      throw explainRead(folder, error);
    });
    const names: string[] = [];
    for (const entry of entries) {
      // What a link leads to counts as here: prune must see who needs a blob.
      const path = join(folder, entry.name);
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
