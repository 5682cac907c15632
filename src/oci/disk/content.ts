/**
 * What one repository of the local store holds, as bytes.
 *
 * Blobs are shared by all repositories; a link makes one a member of the repository.
 * @module
 */
import type { ToFileOptions } from "../../core/content/source.ts";
import type { Digest } from "../../core/digest.ts";
import { NotFoundError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { methods, type StoreCapabilities } from "../capabilities.ts";
import type { Descriptor } from "../descriptor.ts";
import type { DiskStore } from "../disk_store.ts";
import { isManifestType } from "../media_types.ts";
import { anonymousBlob, type ContentHolder, missing, type OpenContentOptions } from "../store.ts";
import { MemberLinks } from "./member_links.ts";

/** The members of a repository, and their bytes. */
export class DiskContent implements ContentHolder {
  /** The repository. */
  readonly name: string;
  /** What belongs to it. */
  readonly members: MemberLinks;
  readonly #store: DiskStore;

  /**
   * Names a repository of a store; nothing is made or read yet.
   * @throws {InvalidInputError} when the name cannot be that of a repository.
   */
  constructor(name: string, store: DiskStore) {
    this.name = name;
    this.members = new MemberLinks(name, store);
    this.#store = store;
  }

  get capabilities(): Pick<StoreCapabilities, "read" | "filePath"> {
    return methods(this, ["read", "filePath"]);
  }

  /**
   * Whether a member's bytes are here. They were verified before its link was written; what was
   * written to since then is read again, and documents, which are small, in any case.
   */
  async holds(descriptor: Descriptor, options: OperationOptions): Promise<boolean> {
    const { blobs } = this.#store;
    const since = await this.members.writtenAt(descriptor);
    if (since === undefined || !await blobs.has(descriptor)) return false;
    if (isManifestType(descriptor.mediaType)) return await blobs.isRight(descriptor, options);
    if (!await blobs.changedSince(descriptor.digest, since)) return true;
    if (!await blobs.isRight(descriptor, options)) return false;
    await this.members.add(descriptor);
    return true;
  }

  async stat(digest: Digest): Promise<Descriptor> {
    const size = await this.#store.blobs.size(digest);
    const blob = anonymousBlob(digest, size ?? 0);
    if (size === undefined || !await this.members.has(blob)) throw missing(this, digest);
    return blob;
  }

  async open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    options.signal?.throwIfAborted();
    await this.#checkMember(descriptor);
    try {
      return await this.#store.blobs.open(descriptor.digest, options);
    } catch (error) {
      if (error instanceof NotFoundError) throw missing(this, descriptor.digest);
      throw error;
    }
  }

  async read(descriptor: Descriptor, limit: number): Promise<Uint8Array<ArrayBuffer>> {
    await this.#checkMember(descriptor);
    const bytes = await this.#store.blobs.read(descriptor.digest, limit);
    if (bytes === undefined) throw missing(this, descriptor.digest);
    return bytes;
  }

  async toFile(
    descriptor: Descriptor,
    path: string,
    options?: ToFileOptions,
  ): Promise<Digest | undefined> {
    await this.#checkMember(descriptor);
    const { localFile } = await import("../../work/local_file.ts");
    const source = await localFile(this.filePath(descriptor));
    return await source.toFile(path, options);
  }

  filePath(descriptor: Descriptor): string {
    return this.#store.blobs.path(descriptor.digest);
  }

  async #checkMember(descriptor: Descriptor): Promise<void> {
    if (!await this.members.has(descriptor)) throw missing(this, descriptor.digest);
  }
}
