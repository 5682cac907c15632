/**
 * The referrers of one repository of the local store. Their index is brought in when it is needed:
 * most manifests refer to nothing.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import { later } from "../../core/runtime/later.ts";
import type { ReferrerOptions } from "../capabilities.ts";
import type { Descriptor } from "../descriptor.ts";
import type { DiskStore } from "../disk_store.ts";
import type { ManifestDocument } from "../manifest.ts";
import type { WriteContentOptions } from "../store.ts";
import type { DiskContent } from "./content.ts";
import type { DiskManifests } from "./manifests.ts";
import type { IndexedRepository } from "./referrers_index.ts";

const referrersIndex = later(() => import("./referrers_index.ts"));

/** Which manifests of a repository refer to which. */
export class DiskReferrers {
  readonly #content: DiskContent;
  readonly #manifests: DiskManifests;
  readonly #store: DiskStore;

  /** Looks among the manifests of a repository of a store. */
  constructor(content: DiskContent, manifests: DiskManifests, store: DiskStore) {
    this.#content = content;
    this.#manifests = manifests;
    this.#store = store;
  }

  /** Manifests whose subject is `subject`, as the capability `referrers` lists them. */
  async *of(
    subject: Descriptor,
    { artifactType, ...options }: ReferrerOptions,
  ): AsyncIterable<Descriptor> {
    const { indexedReferrers } = await referrersIndex();
    const all = indexedReferrers(this.#indexed(options), subject.digest, options);
    for await (const referrer of all) {
      if (artifactType === undefined || referrer.artifactType === artifactType) yield referrer;
    }
  }

  /** Notes a manifest that was written, if it refers to another, where lists look. */
  async note(descriptor: Descriptor, options: WriteContentOptions): Promise<void> {
    const document = options.document ?? await this.#readReferrer(descriptor, options);
    if (!document?.subject) return;
    const { noteReferrer } = await referrersIndex();
    await noteReferrer(this.#indexed(options), descriptor.digest, document, options);
  }

  /** A manifest, if it may be a referrer. Most have no subject, and a large one takes long. */
  async #readReferrer(
    descriptor: Descriptor,
    options: OperationOptions,
  ): Promise<ManifestDocument | undefined> {
    const bytes = await this.#content.read(descriptor, descriptor.size);
    // One whose word is written in another way is read when a list is asked for.
    if (!new TextDecoder().decode(bytes).includes('"subject"')) return undefined;
    return await this.#manifests.readIfWhole(descriptor.digest, options);
  }

  #indexed(options: OperationOptions): IndexedRepository {
    const { name, members } = this.#content;
    return {
      folder: this.#store.layout.repository(name),
      members: () => members.listedManifests(),
      read: (digest) => this.#manifests.readIfWhole(digest, options),
      lock: () => this.#store.lock.shared(options),
    };
  }
}
