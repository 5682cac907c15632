/**
 * A store with a few contents laid over it: an artifact that is made from another one, before it is
 * copied anywhere.
 *
 * The new manifest and what is new in it lie on top; everything else is still in the store below.
 * So `copyGraph` can move the whole of it, to the same repository or to another registry.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import { type BlobSource, bytesSource } from "../core/source.ts";
import { capability, type StoreCapabilities } from "./capabilities.ts";
import { describeBytes, type Descriptor } from "./descriptor.ts";
import type { ContentStore, OpenContentOptions } from "./store.ts";

/** A store to read from: nothing is ever written to the store below. */
export class OverlayStore implements ContentStore {
  /** What people call the store in messages. */
  readonly name: string;
  readonly #below: ContentStore;
  readonly #added = new Map<Digest, BlobSource>();

  /** Lays nothing over `below` yet. */
  constructor(below: ContentStore) {
    this.#below = below;
    this.name = below.name;
  }

  /** Lays bytes over the store and returns their descriptor. */
  add(mediaType: string, bytes: Uint8Array): Descriptor {
    const descriptor = describeBytes(mediaType, bytes);
    this.#added.set(descriptor.digest, bytesSource(bytes));
    return descriptor;
  }

  /** Lays content over the store; it is verified when it is copied. */
  async write(descriptor: Descriptor, source: BlobSource): Promise<void> {
    this.#added.set(descriptor.digest, source);
  }

  /** The store below says where its content lies; what was laid over it is in no repository yet. */
  get capabilities(): Pick<StoreCapabilities, "origin"> {
    const origin = capability(this.#below, "origin");
    return {
      origin: (descriptor) => this.#added.has(descriptor.digest) ? undefined : origin?.(descriptor),
    };
  }

  /** As {@linkcode ContentStore.has} says. */
  async has(descriptor: Descriptor, options?: OperationOptions): Promise<boolean> {
    return this.#added.has(descriptor.digest) || await this.#below.has(descriptor, options);
  }

  /** As {@linkcode ContentStore.open} says. */
  async open(
    descriptor: Descriptor,
    options?: OpenContentOptions,
  ): Promise<ReadableStream<Uint8Array>> {
    const added = this.#added.get(descriptor.digest);
    return added ? await added.open(options) : await this.#below.open(descriptor, options);
  }

  /** As {@linkcode ContentStore.resolve} says. */
  async resolve(target: string, options?: OperationOptions): Promise<Descriptor> {
    return await this.#below.resolve(target, options);
  }

  /** As {@linkcode ContentStore.tag} says. */
  async tag(descriptor: Descriptor, tag: string, options?: OperationOptions): Promise<void> {
    await this.#below.tag(descriptor, tag, options);
  }

  /** As {@linkcode ContentStore.tags} says. */
  tags(options?: OperationOptions): AsyncIterable<string> {
    return this.#below.tags(options);
  }
}
