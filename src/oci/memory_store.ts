/**
 * A store in memory: for tests, for small artifacts, and as the simplest implementation of the
 * interfaces.
 * @module
 */
import { type Digest, digestAlgorithm, digestBytes, isDigest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import { type BlobSource, bytesSource } from "../core/content/source.ts";
import { readVerified } from "../core/content/read_source.ts";
import { concatBytes } from "../core/streams.ts";
import { checkDigest } from "../core/content/expected_content.ts";
import { NotFoundError } from "../core/errors.ts";
import { compareText, quote, sortByText } from "../core/text.ts";
import type {
  Ingest,
  LocalCapabilities,
  Origin,
  ReferrerOptions,
  StoreCapabilities,
} from "./capabilities.ts";
import { methods, OWNER_CAPABILITIES } from "./capabilities.ts";
import { describeBytes, type Descriptor } from "./descriptor.ts";
import { parseManifest } from "./manifest.ts";
import { isManifestType, MediaType } from "./media_types.ts";
import { referrerDescriptor } from "./referrer.ts";
import type { Catalog, ContentStore, OpenContentOptions } from "./store.ts";
import { anonymousBlob, missing } from "./store.ts";

interface Content {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Media type it was written under; the manifests are those with a manifest type. */
  readonly mediaType: string;
}

/** One repository in memory; it has no files, and nobody prunes it. */
export interface MemoryStore extends
  ContentStore,
  Omit<
    LocalCapabilities,
    "toFile" | "read" | "filePath" | "roomFor" | "deferPrune" | "promise" | "earlier"
  > {
  /** Whether nothing was ever written here. */
  readonly isEmpty: boolean;
}

/** A set of repositories in memory. */
export class MemoryCatalog implements Catalog {
  readonly #repositories = new Map<string, Repository>();

  /** As {@linkcode Catalog.repository} says. */
  repository(name: string): MemoryStore {
    return this.#repositories.get(name) ?? new Repository(name, this.#repositories);
  }

  /** As {@linkcode Catalog.repositories} says. */
  async *repositories(): AsyncIterable<string> {
    for (const [name, store] of [...this.#repositories].sort(([a], [b]) => compareText(a, b))) {
      if (!store.isEmpty) yield name;
    }
  }
}

/**
 * Makes an empty store; `name` is what messages call it.
 *
 * @example Write bytes, and read them back
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytesSource, describeBytes, memoryStore } from "@modelops/modelops/oci";
 *
 * const bytes = new TextEncoder().encode("weights");
 * const blob = describeBytes("application/octet-stream", bytes);
 * const store = memoryStore();
 * await store.write(blob, bytesSource(bytes));
 * assert.equal(await new Response(await store.open(blob)).text(), "weights");
 * ```
 */
export function memoryStore(name = "memory"): MemoryStore {
  return new Repository(name, new Map());
}

/** Makes an empty set of repositories. */
export function memoryCatalog(): MemoryCatalog {
  return new MemoryCatalog();
}

class Repository implements MemoryStore {
  readonly name: string;
  readonly #contents = new Map<Digest, Content>();
  readonly #tags = new Map<string, Digest>();
  readonly #ingests = new Map<string, Uint8Array[]>();
  /** The stores of the same catalog, this one included, by name. */
  readonly #siblings: Map<string, Repository>;

  /** Makes an empty store, and adds it to its siblings. */
  constructor(name: string, siblings: Map<string, Repository>) {
    this.name = name;
    this.#siblings = siblings.set(name, this);
  }

  get capabilities(): Partial<StoreCapabilities> {
    return methods(this, OWNER_CAPABILITIES);
  }

  get isEmpty(): boolean {
    return this.#contents.size === 0;
  }

  has(descriptor: Descriptor): Promise<boolean> {
    return Promise.resolve(this.#contents.has(descriptor.digest));
  }

  async stat(digest: Digest): Promise<Descriptor> {
    return anonymousBlob(digest, this.#get(digest).bytes.byteLength);
  }

  async open(
    descriptor: Descriptor,
    options: OpenContentOptions = {},
  ): Promise<ReadableStream<Uint8Array>> {
    options.signal?.throwIfAborted();
    return await bytesSource(this.#get(descriptor.digest).bytes).open(options);
  }

  async write(
    descriptor: Descriptor,
    source: BlobSource,
    options: OperationOptions = {},
  ): Promise<void> {
    const known = this.#contents.get(descriptor.digest);
    if (known) {
      // A manifest that first arrived as a plain blob becomes a manifest now.
      if (isManifestType(descriptor.mediaType)) {
        this.#contents.set(descriptor.digest, { ...known, mediaType: descriptor.mediaType });
      }
      return;
    }
    const bytes = await readVerified(source, descriptor, options);
    this.#contents.set(descriptor.digest, { bytes, mediaType: descriptor.mediaType });
  }

  resolve(target: string): Promise<Descriptor> {
    const digest = isDigest(target) ? target : this.#tags.get(target);
    const content = digest && this.#contents.get(digest);
    if (!content || !isManifestType(content.mediaType)) {
      return Promise.reject(missing(this, target));
    }
    return Promise.resolve({ ...describeBytes(content.mediaType, content.bytes), digest: digest! });
  }

  async tag(descriptor: Descriptor, tag: string): Promise<void> {
    this.#tags.set(tag, (await this.resolve(descriptor.digest)).digest);
  }

  async *tags(): AsyncIterable<string> {
    yield* [...this.#tags.keys()].sort(compareText);
  }

  origin(): Origin {
    return { place: this.#siblings, repository: this.name };
  }

  mount(descriptor: Descriptor, from: Origin): Promise<boolean> {
    const sibling = from.place === this.#siblings && this.#siblings.get(from.repository);
    const content = sibling && sibling.#contents.get(descriptor.digest);
    if (!content) return Promise.resolve(false);
    this.#contents.set(descriptor.digest, content);
    return Promise.resolve(true);
  }

  async *referrers(subject: Descriptor, options: ReferrerOptions = {}): AsyncIterable<Descriptor> {
    for (const [, content] of sortByText([...this.#contents], ([digest]) => digest)) {
      if (!isManifestType(content.mediaType)) continue;
      const document = parseManifest(content.bytes, content.mediaType);
      if (document.subject?.digest !== subject.digest) continue;
      const referrer = referrerDescriptor(document);
      if (options.artifactType && referrer.artifactType !== options.artifactType) continue;
      yield referrer;
    }
  }

  delete(descriptor: Descriptor): Promise<void> {
    if (!this.#contents.delete(descriptor.digest)) {
      return Promise.reject(missing(this, descriptor.digest));
    }
    for (const [tag, digest] of this.#tags) {
      if (digest === descriptor.digest) this.#tags.delete(tag);
    }
    return Promise.resolve();
  }

  untag(tag: string): Promise<void> {
    return this.#tags.delete(tag) ? Promise.resolve() : Promise.reject(missing(this, tag));
  }

  ingest(): Promise<Ingest> {
    const id = crypto.randomUUID();
    this.#ingests.set(id, []);
    return Promise.resolve(this.#ingestOf(id));
  }

  resumeIngest(id: string): Promise<Ingest> {
    if (this.#ingests.has(id)) return Promise.resolve(this.#ingestOf(id));
    return Promise.reject(new NotFoundError(`Cannot resume upload ${quote(id)}: no such upload`));
  }

  #get(digest: Digest): Content {
    const content = this.#contents.get(digest);
    if (!content) throw missing(this, digest);
    return content;
  }

  #ingestOf(id: string): Ingest {
    const chunks = this.#ingests.get(id) ?? [];
    return {
      id,
      get size() {
        return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
      },
      async take(source) {
        await this.append(await source.open());
        return digestBytes(concatBytes(chunks));
      },
      async append(stream) {
        for await (const chunk of stream) chunks.push(chunk.slice());
      },
      commit: async (expected) => {
        this.#ingests.delete(id);
        const bytes = concatBytes(chunks);
        const digest = digestBytes(bytes, expected && digestAlgorithm(expected));
        if (expected) checkDigest(expected, digest);
        this.#contents.set(digest, { bytes, mediaType: MediaType.octetStream });
        return anonymousBlob(digest, bytes.byteLength);
      },
      abort: () => {
        this.#ingests.delete(id);
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}
