/**
 * What all repositories of the local store share: where everything lies, the lock, and the blobs.
 * @module
 */
import { join } from "../core/runtime/path.ts";
import { ConflictError } from "../core/errors.ts";
import { explainRead } from "../core/file_errors.ts";
import { lstatIfExists, readDirIfExists, statKind } from "../core/files.ts";
import { giveWay } from "../core/runtime/turn.ts";
import { compareText, quote, sortByText } from "../core/text.ts";
import { BlobTurns } from "./disk/blob_turns.ts";
import { DescribedManifests } from "./disk/described_manifests.ts";
import { FolderListings, foldersIn } from "./disk/folder_listings.ts";
import type { IngestHashes } from "./disk/ingest_hashes.ts";
import { TagScans } from "./disk/tag_scans.ts";
import { TrustedLook } from "./disk/trusted_look.ts";
import { DiskBlobs } from "./disk_blobs.ts";
import { DiskLayout } from "./disk_layout.ts";
import { StoreLock } from "./store_lock.ts";

/** Folders that are read before others have their turn. */
const TURN = 200;

/** A repository's folder. */
interface RepositoryFolder {
  readonly name: string;
  /** What it has: `_layers`, `_manifests`, `_uploads`. */
  readonly parts: readonly string[];
}

/** Another part of a storage folder than the first. */
export interface StorePart {
  /** Its folder below the storage folder. */
  readonly part: string;
  /** The first part, with which it has one lock. */
  readonly beside: DiskStore;
}

/** The store in `<storage-dir>/content.v1`, or in another part of that folder. */
export class DiskStore {
  /** The storage folder. */
  readonly folder: string;
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
  /** What the folders of tags and manifests have, for lists. */
  readonly listings = new FolderListings();
  /** Looks for the tags of manifests. */
  readonly tagScans = new TagScans();
  readonly #repositories = new FolderListings();
  /** The last look at all folders; the next comes after it. */
  #looking: Promise<unknown> = Promise.resolve();
  #hashes: Promise<IngestHashes> | undefined;
  readonly #look = new TrustedLook(() => this.#lookAgain());
  /** What was found last, where all of it is remembered. */
  #remembered: readonly RepositoryFolder[] | undefined;

  /** Names the store; nothing is made before something is written. */
  constructor(storageDir: string, { part = "content.v1", beside }: Partial<StorePart> = {}) {
    this.folder = storageDir;
    this.layout = new DiskLayout(join(storageDir, part));
    this.lock = beside?.lock ?? new StoreLock(join(storageDir, "modelops.lock"));
    this.blobs = new DiskBlobs(this.layout);
    this.turns = beside?.turns ?? new BlobTurns(this.layout.turns, this.lock);
  }

  /** Every repository's folder by name, also where there is no manifest yet. */
  async folders(): Promise<readonly RepositoryFolder[]> {
    let looks = 0;
    return await this.#folders(async (folder) => {
      if (++looks % TURN === 0) await giveWay();
      return (await foldersIn(folder)).names;
    });
  }

  /**
   * The same for listings, which are asked for often: folders are not read that have the times that
   * they had. What is removed by such a list must not depend on those.
   */
  async rememberedFolders(): Promise<readonly RepositoryFolder[]> {
    // Of two that look at once one could keep a list that the other has found to be old.
    const found = this.#looking.then(() => this.#look.found());
    // A look that failed is its caller's to report.
    this.#looking = found.catch(() => {});
    return await found;
  }

  /** To be told when this process may have made a repository: lists have to show it at once. */
  readonly repositoryMade = (): void => this.#look.changed();

  async #lookAgain(): Promise<readonly RepositoryFolder[]> {
    const listings = this.#repositories;
    if (this.#remembered && await listings.areSame()) return this.#remembered;
    const seen = new Set<string>();
    const found = await this.#folders((folder) => {
      seen.add(folder);
      return listings.names(folder);
    });
    listings.keep(seen);
    this.#remembered = listings.size === seen.size ? found : undefined;
    return found;
  }

  /**
   * What is not there yet is an empty store; a file in its place is none.
   * @throws {ConflictError} when something else than a folder is there.
   */
  async requireFolder(): Promise<void> {
    const { folder } = this;
    if (await lstatIfExists(folder) === undefined || await statKind(folder) === "folder") return;
    throw new ConflictError(`Cannot use ${quote(folder)} as a store: it is no folder`, {
      path: folder,
    });
  }

  /** What has hashed the bytes of unfinished uploads. */
  hashes(): Promise<IngestHashes> {
    return this.#hashes ??= import("./disk/ingest_hashes.ts")
      .then(({ IngestHashes }) => new IngestHashes());
  }

  /** The first components of all names of repositories, in bytewise order. */
  async topNames(): Promise<string[]> {
    const folder = this.layout.repositories;
    const entries = await readDirIfExists(folder).catch((error) => {
      throw explainRead(folder, error);
    });
    return entries.map(({ name }) => this.layout.repositoryName([name])).sort(compareText);
  }

  async #folders(
    namesIn: (folder: string) => Promise<readonly string[]>,
  ): Promise<readonly RepositoryFolder[]> {
    const found: RepositoryFolder[] = [];
    const waiting: (readonly string[])[] = [[]];
    for (let components; (components = waiting.pop());) {
      const names = await namesIn(join(this.layout.repositories, ...components));
      // Names of repositories never start with "_"; the folders of a repository's own data do.
      const parts = names.filter((name) => name.startsWith("_"));
      if (parts.length > 0) found.push({ name: this.layout.repositoryName(components), parts });
      for (const name of names) if (!name.startsWith("_")) waiting.push([...components, name]);
    }
    if (found.length === 0) await this.requireFolder();
    return sortByText(found, ({ name }) => name);
  }
}
