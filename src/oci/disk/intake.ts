/**
 * How content comes into one repository of the local store: from a source, or piece by piece. Links
 * are written last, so that whatever is a member is complete.
 * @module
 */
import type { BlobSource } from "../../core/content/source.ts";
import { NotFoundError } from "../../core/errors.ts";
import { lstatIfExists, lstatIfExistsSync, removeIfExists } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import { quote } from "../../core/text.ts";
import { WORTH_A_WORKER } from "../../work/task.ts";
import type { Ingest } from "../capabilities.ts";
import type { Descriptor } from "../descriptor.ts";
import type { DiskIngest, DiskIngestOptions } from "../disk_ingest.ts";
import type { DiskStore } from "../disk_store.ts";
import type { DiskContent } from "./content.ts";
import { SMALL_BLOB, takeSmall } from "./small_blob.ts";

/** Makes content a member of a repository. */
export class DiskIntake {
  readonly #content: DiskContent;
  readonly #store: DiskStore;

  /** Brings content into a repository of a store. */
  constructor(content: DiskContent, store: DiskStore) {
    this.#content = content;
    this.#store = store;
  }

  /** Takes content in, verified, and makes it a member. The caller keeps prune away. */
  async take(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<void> {
    {
      await using _turn = await this.#turn(descriptor, source, options);
      // What somebody else brought is read again before it is a member of this repository.
      if (!await this.#store.blobs.isRight(descriptor, options)) {
        await this.#receive(descriptor, source, options);
      } else source.noteKept?.(descriptor.size);
    }
    await this.join(descriptor, options);
  }

  /**
   * Makes content that is here a member. Only where that goes wrong, as when others remove the
   * member at this very moment, it is done in turn with them: thousands of small files need none.
   */
  async join(descriptor: Descriptor, options: OperationOptions): Promise<void> {
    const { members } = this.#content;
    try {
      await members.add(descriptor);
    } catch {
      await using _turn = await this.#store.turns.takeFolder(members.folderOf(descriptor), options);
      await members.add(descriptor);
    }
  }

  /**
   * Makes the verified file of another store a blob of this one too, and a member; `false` where
   * the system has no second names for files.
   */
  async link(descriptor: Descriptor, path: string, options: OperationOptions): Promise<boolean> {
    const { blobs } = this.#store;
    const isSame = lstatIfExistsSync(path)?.ino === (await blobs.stamp(descriptor.digest))?.ino;
    // What others left here is read again before it is a member.
    if (!isSame && !await blobs.isRight(descriptor, options)) {
      const folder = join(this.#uploads, crypto.randomUUID());
      try {
        Deno.mkdirSync(folder, { recursive: true });
        Deno.linkSync(path, join(folder, "data"));
        await blobs.addFolder(folder, descriptor);
      } catch (error) {
        options.log?.("debug", "A blob has to be copied: its file gets no second name", { error });
        return false;
      } finally {
        await removeIfExists(folder);
      }
    }
    await this.join(descriptor, options);
    return true;
  }

  /** As `ingest` of `StoreCapabilities` says. */
  async start(): Promise<Ingest> {
    return await this.#startIngest(this.#addMember);
  }

  /** As `resumeIngest` of `StoreCapabilities` says. */
  async resume(id: string): Promise<Ingest> {
    const known = /^[0-9a-f-]{36}$/.test(id) &&
      await lstatIfExists(join(this.#uploads, id, "startedat")) !== undefined;
    if (!known) {
      throw new NotFoundError(`Cannot resume upload ${quote(id)}: no such upload`);
    }
    const hash = (await this.#store.hashes()).of(id);
    const { DiskIngest } = await import("../disk_ingest.ts");
    return await DiskIngest.open(this.#uploads, id, { hash, keep: this.#addMember });
  }

  get #uploads(): string {
    return this.#store.layout.uploads(this.#content.name);
  }

  /**
   * The turn at a blob. Two commands may bring what is small and at hand at the same time: to wait
   * for each other would take longer.
   */
  async #turn(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<AsyncDisposable | undefined> {
    if (source.read !== undefined && source.size <= SMALL_BLOB) return undefined;
    return await this.#store.turns.take(descriptor, options);
  }

  /** Brings bytes that the store does not have. */
  async #receive(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions,
  ): Promise<void> {
    const store = this.#store;
    if (source.toFile && source.size >= WORTH_A_WORKER) {
      const { receiveBlob } = await import("./receive_blob.ts");
      const place = { store, repository: this.#content.name };
      return await receiveBlob(descriptor, source, { ...options, ...place });
    }
    if (source.size <= SMALL_BLOB) {
      return await takeSmall(descriptor, source, { ...options, store, uploads: this.#uploads });
    }
    const { sized } = await import("../../core/streams.ts");
    const ingest = await this.#startIngest((file, blob) => store.blobs.add(file, blob));
    try {
      const stream = await source.open({ signal: options.signal });
      await ingest.append(sized(stream, descriptor), options);
      await ingest.commit(descriptor.digest, options);
    } catch (error) {
      await ingest.abort();
      throw error;
    }
  }

  async #startIngest(keep: DiskIngestOptions["keep"]): Promise<DiskIngest> {
    const id = crypto.randomUUID();
    const hash = (await this.#store.hashes()).of(id);
    const { DiskIngest } = await import("../disk_ingest.ts");
    return await DiskIngest.create(this.#uploads, id, { hash, keep });
  }

  readonly #addMember: DiskIngestOptions["keep"] = async (file, blob, options) => {
    await using _lock = await this.#store.lock.shared(options);
    await this.#store.blobs.add(file, blob);
    await this.join(blob, options);
  };
}
