/**
 * A store with a few contents laid over it: an artifact that is made from another one, before it is
 * copied anywhere.
 *
 * The new manifest and what is new in it lie on top; everything else is still in the store below.
 * So `copyGraph` can move the whole of it, to the same repository or to another registry.
 * @module
 */
import type { Digest } from "../core/digest.ts";
import { type BlobSource, bytesSource } from "../core/content/source.ts";
import { capability } from "./capabilities.ts";
import { describeBytes, type Descriptor } from "./descriptor.ts";
import type { ContentStore } from "./store.ts";
import { wrapped } from "./wrapped.ts";

/** A store to read from: what is written to it lies over the store below, which stays as it is. */
export interface OverlayStore extends ContentStore {
  /** Lays bytes over the store and returns their descriptor. */
  add(mediaType: string, bytes: Uint8Array): Descriptor;
}

/** Lays nothing over `below` yet. What is laid over it is verified when it is copied. */
export function overlayStore(below: ContentStore): OverlayStore {
  const added = new Map<Digest, BlobSource>();
  const origin = capability(below, "origin");
  const store = wrapped(below, {
    has: async (blob, options) => added.has(blob.digest) || await below.has(blob, options),
    open: async (blob, options) =>
      await (added.get(blob.digest)?.open(options) ?? below.open(blob, options)),
    write: async (blob, source) => void added.set(blob.digest, source),
    // What was laid over the store is in no repository yet.
    capabilities: {
      origin: (blob) => added.has(blob.digest) ? undefined : origin?.(blob),
      sourceOf: ({ digest }) => added.get(digest),
    },
  });
  return {
    ...store,
    add(mediaType, bytes) {
      const descriptor = describeBytes(mediaType, bytes);
      added.set(descriptor.digest, bytesSource(bytes));
      return descriptor;
    },
  };
}
