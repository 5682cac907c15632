/**
 * One repository of the local store.
 *
 * Blobs are shared by all repositories; a link makes one a member of the repository. A tag is a
 * link as well. Links are written last, so that whatever has a name is complete.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import type { BlobSource, ToFileOptions } from "../core/content/source.ts";
import { type Digest, isDigest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import type {
  EarlierName,
  Ingest,
  LocalCapabilities,
  Origin,
  ReferrerOptions,
  StoreRoom,
} from "./capabilities.ts";
import { LOCAL_CAPABILITIES, methods } from "./capabilities.ts";
import type { Descriptor } from "./descriptor.ts";
import { DiskContent } from "./disk/content.ts";
import { DiskIntake } from "./disk/intake.ts";
import { DiskManifests } from "./disk/manifests.ts";
import type { MemberLinks } from "./disk/member_links.ts";
import { DiskReferrers } from "./disk/referrers.ts";
import { roomFor } from "./disk/room.ts";
import { TagLinks } from "./disk/tag_links.ts";
import type { DiskStore } from "./disk_store.ts";
import { isManifestType, MediaType } from "./media_types.ts";
import type {
  ContentStore,
  GiveTagOptions,
  OpenContentOptions,
  TagOptions,
  WriteContentOptions,
} from "./store.ts";
import { missing, storeSource } from "./store.ts";

/** One repository of the local store, with every capability. */
export class DiskRepository implements ContentStore, LocalCapabilities {
  readonly name: string;
  /** What belongs to this repository. */
  readonly members: MemberLinks;
  /** What names its manifests. */
  readonly tagLinks: TagLinks;
  /** What its manifests say. */
  readonly manifests: DiskManifests;
  readonly #content: DiskContent;
  readonly #intake: DiskIntake;
  readonly #referrers: DiskReferrers;
  readonly #store: DiskStore;

  /** Opens the repository `name` of a store; it is made when something is written. */
  constructor(name: string, store: DiskStore) {
    this.name = name;
    this.#store = store;
    this.#content = new DiskContent(name, store);
    this.members = this.#content.members;
    this.tagLinks = new TagLinks(this.members, store);
    this.manifests = new DiskManifests(this.#content, store);
    this.#intake = new DiskIntake(this.#content, store);
    this.#referrers = new DiskReferrers(this.#content, this.manifests, store);
  }

  get capabilities(): LocalCapabilities {
    return methods(this, LOCAL_CAPABILITIES);
  }

  /** Whether the content is here; for a manifest, whether everything it needs is here too. */
  async has(descriptor: Descriptor, options: OperationOptions = {}): Promise<boolean> {
    return await this.manifests.isWhole(descriptor, options);
  }

  async deferPrune(options: OperationOptions = {}): Promise<AsyncDisposable> {
    return await this.#store.lock.shared(options);
  }

  stat(digest: Digest): Promise<Descriptor> {
    return this.#content.stat(digest);
  }

  toFile(
    descriptor: Descriptor,
    path: string,
    options?: ToFileOptions,
  ): Promise<Digest | undefined> {
    return this.#content.toFile(descriptor, path, options);
  }

  read(descriptor: Descriptor, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#content.read(descriptor, limit);
  }

  filePath(descriptor: Descriptor): string {
    return this.#content.filePath(descriptor);
  }

  roomFor(descriptor: Descriptor): StoreRoom {
    const { folder, layout } = this.#store;
    return { folder, bytes: roomFor(layout, this.name, descriptor) };
  }

  open(descriptor: Descriptor, options?: OpenContentOptions): Promise<ReadableStream<Uint8Array>> {
    return this.#content.open(descriptor, options);
  }

  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: WriteContentOptions = {},
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await this.#intake.take(descriptor, source, options);
    await this.#note(descriptor, options);
  }

  async #note(descriptor: Descriptor, options: WriteContentOptions): Promise<void> {
    if (!isManifestType(descriptor.mediaType)) return;
    if (options.document) this.#store.described.hold(descriptor.digest, options.document);
    await this.#referrers.note(descriptor, options);
  }

  async resolve(target: string, options: OperationOptions = {}): Promise<Descriptor> {
    const digest = isDigest(target) ? target : await this.tagLinks.target(target);
    if (!digest) throw missing(this, target);
    return await this.manifests.describe(digest, options);
  }

  /** Whether there is such a tag or manifest, be it damaged or whole. */
  async knows(target: string): Promise<boolean> {
    return await (isDigest(target) ? this.members.hasManifest(target) : this.tagLinks.has(target));
  }

  /** As `LocalRepository` says. */
  async named(tag: string): Promise<Digest | undefined> {
    return await this.tagLinks.named(tag);
  }

  /** As `LocalRepository` says. */
  async notePulled(tag: string): Promise<void> {
    await this.tagLinks.notePulled(tag);
  }

  /** As `LocalRepository` says. */
  async wasPulled(tag: string): Promise<boolean> {
    return await this.tagLinks.wasPulled(tag);
  }

  async tag(descriptor: Descriptor, tag: string, options: GiveTagOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const { digest } = descriptor;
    const stamp = await this.manifests.stamp(digest);
    const { namedBy } = options;
    const isFlushed = namedBy !== undefined && await this.tagLinks.named(namedBy) === digest;
    if (!isFlushed) await this.manifests.flush(digest, stamp, options);
    await using _turn = await this.#tagTurn(tag, options);
    await this.tagLinks.give(tag, digest);
  }

  #tagTurn(tag: string, options: OperationOptions): Promise<AsyncDisposable> {
    return this.#store.turns.takeFolder(this.#store.layout.tag(this.name, tag), options);
  }

  async earlier(tag: string, options: OperationOptions = {}): Promise<readonly EarlierName[]> {
    const { earlierNames } = await import("./tags/earlier.ts");
    return await earlierNames(this, tag, options);
  }

  tags({ after }: TagOptions = {}): AsyncIterable<string> {
    return this.tagLinks.all(after);
  }

  origin(): Origin {
    return { place: this.#store.layout.root, repository: this.name };
  }

  async mount(
    descriptor: Descriptor,
    from: Origin,
    options: OperationOptions = {},
  ): Promise<boolean> {
    if (from.place !== this.#store.layout.root) return false;
    await using _lock = await this.deferPrune(options);
    const sibling = new DiskRepository(from.repository, this.#store);
    if (!await sibling.has(descriptor, options)) return false;
    await this.#intake.join(descriptor, options);
    return true;
  }

  /**
   * Takes a content over from another part of the store, without what it lists: as one file of both
   * where the system can.
   * @throws {NotFoundError} when neither has it.
   */
  async takeOver(
    descriptor: Descriptor,
    from: DiskRepository,
    options: WriteContentOptions = {},
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    if (await this.#content.holds(descriptor, options)) return;
    if (!await from.#content.holds(descriptor, options)) throw missing(from, descriptor.digest);
    if (await this.#intake.link(descriptor, from.filePath(descriptor), options)) {
      return await this.#note(descriptor, options);
    }
    await this.write(descriptor, storeSource(from, descriptor), options);
  }

  referrers(subject: Descriptor, options: ReferrerOptions = {}): AsyncIterable<Descriptor> {
    return this.#referrers.of(subject, options);
  }

  async promise(descriptor: Descriptor): Promise<void> {
    if (!await this.members.promise(descriptor)) throw missing(this, descriptor.digest);
  }

  async delete(descriptor: Descriptor, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await using _turn = await this.namingTurn(descriptor, options);
    if (!await this.members.has(descriptor)) throw missing(this, descriptor.digest);
    const { digest, mediaType } = descriptor;
    const tags = isManifestType(mediaType) ? await this.tagLinks.of(digest) : [];
    await mapConcurrent(tags, async (tag) => {
      await using _turn = await this.#tagTurn(tag, options);
      if (await this.tagLinks.named(tag) === digest) await this.tagLinks.drop(tag);
    });
    await this.#remove(descriptor, options);
  }

  /** Lets go of a manifest that another part has, if no tag names it and nobody counts on it. */
  async leave(digest: Digest, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const manifest = { mediaType: MediaType.imageManifest, digest, size: 0 };
    if (!await this.members.has(manifest)) return;
    await using _turn = await this.namingTurn(manifest, options);
    if (await this.members.promisedAt("_manifests/revisions", digest) > 0) return;
    if ((await this.tagLinks.of(digest)).length > 0) return;
    await this.#remove(manifest, options);
  }

  /**
   * The turn at giving a manifest a tag, or at removing it after a look at all tags: a tag that is
   * given between the look and the removal would name nothing.
   */
  namingTurn(descriptor: Descriptor, options: OperationOptions): Promise<AsyncDisposable> {
    const folder = this.members.folderOf(descriptor);
    return this.#store.turns.takeFolder(`${folder}.naming`, options);
  }

  async #remove(descriptor: Descriptor, options: OperationOptions): Promise<void> {
    const folder = this.members.folderOf(descriptor);
    await using _turn = await this.#store.turns.takeFolder(folder, options);
    await this.members.remove(descriptor);
  }

  async untag(tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await using _turn = await this.#tagTurn(tag, options);
    if (!await this.tagLinks.has(tag)) throw missing(this, tag);
    await this.tagLinks.remove(tag);
  }

  ingest(): Promise<Ingest> {
    return this.#intake.start();
  }

  resumeIngest(id: string): Promise<Ingest> {
    return this.#intake.resume(id);
  }
}
