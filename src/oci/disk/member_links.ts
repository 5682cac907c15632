/**
 * The members of one repository of the local store: a link makes a blob or a manifest one. Prune
 * goes by the age of links, so a link is renewed whenever its content is written again.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { explainWrite, systemCode } from "../../core/file_errors.ts";
import { ifExists, removeIfExists } from "../../core/files.ts";
import { dirname, join } from "../../core/runtime/path.ts";
import type { Descriptor } from "../descriptor.ts";
import { withFolders } from "../disk_blobs.ts";
import type { MemberKind } from "../disk_layout.ts";
import type { DiskStore } from "../disk_store.ts";
import { isManifestType } from "../media_types.ts";
import { linkExists, linksIn, linkTime, renewLink, writeLink } from "./link_file.ts";

/** The file beside a link whose time tells when somebody was told that the content is here. */
export const PROMISE_FILE = "promised";

/** Milliseconds for which a promise is not noted again. */
const PROMISE_RENEWAL = 10 * 60 * 1000;

/** The blobs and manifests that are members of a repository. */
export class MemberLinks {
  /** Name of the repository. */
  readonly repository: string;
  readonly #store: DiskStore;

  /**
   * Names a repository of a store; nothing is made before the first link.
   * @throws {InvalidInputError} when the name cannot be that of a repository.
   */
  constructor(repository: string, store: DiskStore) {
    store.layout.repository(repository);
    this.repository = repository;
    this.#store = store;
  }

  /** Whether content is a member. */
  async has(descriptor: Omit<Descriptor, "size">): Promise<boolean> {
    return await linkExists(this.#link(descriptor));
  }

  /** When content was last written as a member, in milliseconds; `undefined` when it is none. */
  async writtenAt(descriptor: Descriptor): Promise<number | undefined> {
    return await linkTime(this.#link(descriptor));
  }

  /** Whether a manifest is a member. */
  async hasManifest(digest: Digest): Promise<boolean> {
    return await linkExists(this.#manifest(digest));
  }

  /** The digests of the members of a kind. */
  async all(kind: MemberKind): Promise<Digest[]> {
    const { layout } = this.#store;
    return await linksIn((algorithm) => layout.memberLinks(this.repository, kind, algorithm));
  }

  /** The digests of the manifests for lists, perhaps from what is remembered. */
  async listedManifests(): Promise<Digest[]> {
    const { layout, listings } = this.#store;
    return await linksIn(
      (algorithm) => layout.memberLinks(this.repository, "_manifests/revisions", algorithm),
      (folder) => listings.names(folder),
    );
  }

  /** Makes content a member, or a member again. */
  async add(descriptor: Descriptor): Promise<void> {
    const path = this.#link(descriptor);
    const made = this.#store.repositoryMade;
    if (isManifestType(descriptor.mediaType)) this.#makeTags();
    if (!await writeLink(path, descriptor.digest, { flush: false, made })) renewLink(path);
  }

  /** Removes a member. Tags that name it have to be gone. */
  async remove(descriptor: Descriptor): Promise<void> {
    const folder = this.folderOf(descriptor);
    try {
      await removeIfExists(folder);
    } catch (error) {
      // Somebody has made it a member again since its link was removed.
      if (systemCode(error) !== "ENOTEMPTY") throw explainWrite(folder, error);
    }
  }

  /**
   * Lets prune take a manifest at once that had a tag: it was removed on purpose. One that never
   * had a tag may be part of a push that is still going on. Whether another tag names it is for
   * prune to see: looking at all tags for each that moves would make a thousand pushes a million
   * looks.
   */
  async release(digest: Digest): Promise<void> {
    await ifExists(() => Deno.utime(this.#manifest(digest), 0, 0));
  }

  /**
   * Notes beside the link of a member that somebody counts on it; `false` when it is none. The link
   * itself keeps its time, which tells when the content was last written. This takes no lock: prune
   * first takes links away and then looks for promises, so a link that is here afterwards stays.
   */
  async promise(descriptor: Descriptor): Promise<boolean> {
    if (!await this.has(descriptor)) return false;
    const path = promiseBeside(this.#link(descriptor));
    const before = await linkTime(path) ?? 0;
    if (Date.now() - before >= PROMISE_RENEWAL && !await touch(path)) return false;
    return await this.has(descriptor);
  }

  /** When somebody was last told that a member is here, in milliseconds; 0 for never. */
  async promisedAt(kind: MemberKind, digest: Digest): Promise<number> {
    const link = this.#store.layout.memberLink(this.repository, kind, digest);
    return await linkTime(promiseBeside(link)) ?? 0;
  }

  /** The paths whose flush makes the link of a member survive a power cut. */
  durablePaths(descriptor: Descriptor): string[] {
    return withFolders(this.#link(descriptor));
  }

  /** The folder of a member's link. */
  folderOf(descriptor: Descriptor): string {
    return dirname(this.#link(descriptor));
  }

  /** Makes the folder of tags, be there any or none: where it is missing, modctl lists nothing. */
  #makeTags(): void {
    const folder = this.#store.layout.tags(this.repository);
    try {
      Deno.mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw explainWrite(folder, error);
    }
  }

  #link({ mediaType, digest }: Omit<Descriptor, "size">): string {
    return isManifestType(mediaType)
      ? this.#manifest(digest)
      : this.#store.layout.memberLink(this.repository, "_layers", digest);
  }

  #manifest(digest: Digest): string {
    return this.#store.layout.memberLink(this.repository, "_manifests/revisions", digest);
  }
}

function promiseBeside(link: string): string {
  return join(dirname(link), PROMISE_FILE);
}

/** Makes a file, or renews its time; `false` when its folder is gone. */
async function touch(path: string): Promise<boolean> {
  try {
    await Deno.writeFile(path, new Uint8Array());
    renewLink(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw explainWrite(path, error);
  }
}
