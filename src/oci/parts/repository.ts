/**
 * One repository of the local store, in both parts of it.
 *
 * modctl shares the store, and what it cannot list ends its list; what no tag names its `prune`
 * removes. So an artifact that it cannot list gets its tag in a part that modctl does not know, and
 * all that it is made of lies there too. Everything is written to the shared part; the tag decides.
 * @module
 */
import type { BlobSource, ToFileOptions } from "../../core/content/source.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { type Digest, isDigest } from "../../core/digest.ts";
import { ifFound, NotFoundError } from "../../core/errors.ts";
import { lstatIfExistsSync } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { compareText } from "../../core/text.ts";
import {
  type EarlierName,
  type Ingest,
  LOCAL_CAPABILITIES,
  type LocalCapabilities,
  methods,
  type Origin,
  type ReferrerOptions,
  type StoreRoom,
} from "../capabilities.ts";
import type { Descriptor } from "../descriptor.ts";
import { DiskRepository } from "../disk_repository.ts";
import type { DiskStore } from "../disk_store.ts";
import type { ManifestDocument } from "../manifest.ts";
import { isIndexType, isManifestType } from "../media_types.ts";
import { firstOf, inEach, merged } from "./several.ts";
import type {
  ContentStore,
  GiveTagOptions,
  OpenContentOptions,
  TagOptions,
  WriteContentOptions,
} from "../store.ts";

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

/** The parts of the local store. */
export interface StoreParts {
  /** What other tools know too. */
  readonly shared: DiskStore;
  /** What only this program knows. */
  readonly apart: DiskStore;
}

/**
 * Manifests that are let go of at once: one look at all tags serves all of them. Where files have
 * no second names each has two open, of the thousand that some systems let a process have.
 */
const LEFT_AT_ONCE = { concurrency: 250 };

/** One repository in both parts, with every capability. */
export class PartedRepository implements LocalRepository {
  readonly name: string;
  readonly #stores: StoreParts;
  readonly #shared: DiskRepository;
  #apart: DiskRepository | undefined;

  /** Opens the repository `name`; it is made when something is written. */
  constructor(name: string, stores: StoreParts) {
    this.name = name;
    this.#stores = stores;
    this.#shared = new DiskRepository(name, stores.shared);
  }

  get capabilities(): LocalCapabilities {
    return methods(this, LOCAL_CAPABILITIES);
  }

  /** Whether the content is here, and whole in each part that has it: else it is written again. */
  async has(descriptor: Descriptor, options?: OperationOptions): Promise<boolean> {
    const [shared, apart] = this.#parts;
    if (!await apart?.members.has(descriptor)) return await shared.has(descriptor, options);
    if (!await apart!.has(descriptor, options)) return false;
    return !await shared.members.has(descriptor) || await shared.has(descriptor, options);
  }

  open(descriptor: Descriptor, options?: OpenContentOptions): Promise<ReadableStream<Uint8Array>> {
    return this.#first((part) => part.open(descriptor, options));
  }

  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: WriteContentOptions = {},
  ): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await this.#shared.write(descriptor, source, options);
    const [shared, apart] = this.#parts;
    if (!isManifestType(descriptor.mediaType) || !await apart?.members.has(descriptor)) return;
    // Where it lies apart as well, some of it may be damaged there.
    const { adopt } = await import("./adopt.ts");
    await adopt(descriptor, { from: shared, to: apart! }, options);
  }

  async resolve(target: string, options?: OperationOptions): Promise<Descriptor> {
    if (isDigest(target)) return await this.#first((part) => part.resolve(target, options));
    const owner = await this.#owner(target);
    try {
      return await owner.resolve(target, options);
    } catch (error) {
      const now = await this.#owner(target);
      if (now === owner || !(error instanceof NotFoundError)) throw error;
      // The tag has just moved into the other part.
      return await now.resolve(target, options);
    }
  }

  async tag(descriptor: Descriptor, tag: string, options: GiveTagOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    const isShared = await this.#isListable(descriptor, options);
    const to = isShared ? this.#shared : this.#openApart();
    const other = () => this.#parts.find((part) => part !== to);
    let adopted: ReadonlySet<Digest> = new Set();
    {
      await using _naming = await to.namingTurn(descriptor, options);
      const from = other();
      if (from !== undefined) {
        const { adopt } = await import("./adopt.ts");
        adopted = await adopt(descriptor, { from, to }, options);
      }
      await using _turn = await this.#tagTurn(tag, options);
      await to.tag(descriptor, tag, options);
      // Somebody may just have made it.
      const before = other();
      if (before !== undefined && await before.knows(tag)) {
        // Whoever is stopped here leaves two, of which the newer counts.
        to.tagLinks.renew(tag);
        // It goes with the manifest that it names, where somebody removes that.
        await ifFound(before.untag(tag, options));
      }
    }
    // modctl pulls nothing that the repository has, and gives it no tag then.
    if (isShared) return;
    const leave = (digest: Digest) => this.#shared.leave(digest, options);
    await mapConcurrent(adopted, leave, LEFT_AT_ONCE);
  }

  tags(options?: TagOptions): AsyncIterable<string> {
    const lists = this.#parts.map((part) => part.tags(options));
    return lists.length === 1 ? lists[0]! : merged(lists, (tag) => tag);
  }

  async knows(target: string): Promise<boolean> {
    for (const part of this.#parts) if (await part.knows(target)) return true;
    return false;
  }

  /** Whether a blob or a manifest is a member, be it damaged or whole. */
  async isMember(descriptor: Descriptor): Promise<boolean> {
    for (const { members } of this.#parts) if (await members.has(descriptor)) return true;
    return false;
  }

  /** The manifests that are members, be they damaged or whole. */
  async allManifests(): Promise<ReadonlySet<Digest>> {
    const all = new Set<Digest>();
    for (const { members } of this.#parts) {
      for (const digest of await members.all("_manifests/revisions")) {
        // Pruning that was stopped leaves the folder of a link that it took.
        if (await members.hasManifest(digest)) all.add(digest);
      }
    }
    return all;
  }

  /** A manifest; `undefined`, with a word in the log, when it is missing or damaged. */
  async readIfWhole(
    digest: Digest,
    options: OperationOptions,
  ): Promise<ManifestDocument | undefined> {
    for (const { manifests } of this.#parts) {
      const document = await manifests.readIfWhole(digest, options);
      if (document !== undefined) return document;
    }
    return undefined;
  }

  async named(tag: string): Promise<Digest | undefined> {
    return await (await this.#owner(tag)).named(tag);
  }

  async notePulled(tag: string): Promise<void> {
    await (await this.#owner(tag)).notePulled(tag);
  }

  async wasPulled(tag: string): Promise<boolean> {
    return await (await this.#owner(tag)).wasPulled(tag);
  }

  async deferPrune(options?: OperationOptions): Promise<AsyncDisposable> {
    return await this.#shared.deferPrune(options);
  }

  stat(digest: Digest): Promise<Descriptor> {
    return this.#first((part) => part.stat(digest));
  }

  toFile(
    descriptor: Descriptor,
    path: string,
    options?: ToFileOptions,
  ): Promise<Digest | undefined> {
    return this.#first((part) => part.toFile(descriptor, path, options));
  }

  read(descriptor: Descriptor, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#first((part) => part.read(descriptor, limit));
  }

  filePath(descriptor: Descriptor): string {
    const paths = this.#parts.map((part) => part.filePath(descriptor));
    return paths.find((path) => lstatIfExistsSync(path) !== undefined) ?? paths[0]!;
  }

  roomFor(descriptor: Descriptor): StoreRoom {
    const rooms = this.#parts.map((part) => part.roomFor(descriptor));
    return rooms.find(({ bytes }) => bytes === 0) ?? rooms[0]!;
  }

  origin(): Origin {
    return this.#shared.origin();
  }

  async mount(
    descriptor: Descriptor,
    from: Origin,
    options: OperationOptions = {},
  ): Promise<boolean> {
    if (await this.#shared.mount(descriptor, from, options)) return true;
    if (from.place !== this.origin().place) return false;
    const sibling = new PartedRepository(from.repository, this.#stores);
    const [, apart] = sibling.#parts;
    if (!await apart?.has(descriptor, options)) return false;
    await this.#shared.takeOver(descriptor, apart!, options);
    return true;
  }

  async *referrers(subject: Descriptor, options?: ReferrerOptions): AsyncIterable<Descriptor> {
    yield* merged(
      this.#parts.map((part) => part.referrers(subject, options)),
      ({ digest }) => digest,
    );
  }

  promise(descriptor: Descriptor): Promise<void> {
    return this.#first((part) => part.promise(descriptor));
  }

  async earlier(tag: string, options?: OperationOptions): Promise<readonly EarlierName[]> {
    const names: EarlierName[] = [];
    for (const part of this.#parts) names.push(...await part.earlier(tag, options));
    return names.sort((a, b) => compareText(b.taggedAt, a.taggedAt));
  }

  async delete(descriptor: Descriptor, options?: OperationOptions): Promise<void> {
    await inEach(this.#parts, (part) => part.delete(descriptor, options));
  }

  async untag(tag: string, options: OperationOptions = {}): Promise<void> {
    await using _lock = await this.deferPrune(options);
    await using _turn = await this.#tagTurn(tag, options);
    await inEach(this.#parts, (part) => part.untag(tag, options));
  }

  ingest(): Promise<Ingest> {
    return this.#shared.ingest();
  }

  resumeIngest(id: string): Promise<Ingest> {
    return this.#shared.resumeIngest(id);
  }

  /** The parts that have this repository, the shared one first, be it there or not. */
  get #parts(): readonly [DiskRepository, ...DiskRepository[]] {
    const { layout } = this.#stores.apart;
    const isApart = this.#apart !== undefined ||
      lstatIfExistsSync(layout.repository(this.name)) !== undefined;
    return isApart ? [this.#shared, this.#openApart()] : [this.#shared];
  }

  #openApart(): DiskRepository {
    return this.#apart ??= new DiskRepository(this.name, this.#stores.apart);
  }

  #first<Result>(work: (part: DiskRepository) => Promise<Result>): Promise<Result> {
    return firstOf(this.#parts, work);
  }

  /** The part that a tag is in: the newer counts where both have it, as modctl gives tags too. */
  async #owner(tag: string): Promise<DiskRepository> {
    const [shared, apart] = this.#parts;
    const time = await apart?.tagLinks.changedAt(tag);
    if (apart === undefined || time === undefined) return shared;
    return time >= (await shared.tagLinks.changedAt(tag) ?? 0) ? apart : shared;
  }

  async #isListable(descriptor: Descriptor, options: OperationOptions): Promise<boolean> {
    if (isIndexType(descriptor.mediaType)) return false;
    const document = await this.#first(({ manifests }) =>
      manifests.read(descriptor.digest, options)
    );
    const { isListable } = await import("./listable.ts");
    return await isListable(document, this);
  }

  /** The turn at a tag in both parts: two who give it at once would else each take the other's. */
  #tagTurn(tag: string, options: OperationOptions): Promise<AsyncDisposable> {
    const { apart } = this.#stores;
    return apart.turns.takeFolder(`${apart.layout.tag(this.name, tag)}.parts`, options);
  }
}
