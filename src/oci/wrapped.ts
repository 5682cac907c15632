/**
 * The base of stores that stand in front of another: a filter, a read-only view, a log.
 * @module
 */
import type { ContentStore } from "./store.ts";

/**
 * A store that does what `store` does, save for what `changes` do instead.
 *
 * @example A store that counts what is read from it
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytesSource, describeBytes, memoryStore, wrapped } from "@modelops/modelops/oci";
 *
 * const store = memoryStore();
 * let reads = 0;
 * const counting = wrapped(store, {
 *   open: (descriptor, options) => {
 *     reads++;
 *     return store.open(descriptor, options);
 *   },
 * });
 * const bytes = new TextEncoder().encode("weights");
 * const blob = describeBytes("application/octet-stream", bytes);
 * await counting.write(blob, bytesSource(bytes));
 * assert.equal(await new Response(await counting.open(blob)).text(), "weights");
 * assert.equal(reads, 1);
 * ```
 */
export function wrapped(store: ContentStore, changes: Partial<ContentStore>): ContentStore {
  // What opens content in another way has no second way around it.
  const { read, sourceOf, ...others } = store.capabilities ?? {};
  return {
    name: store.name,
    capabilities: changes.open ? others : { ...others, read, sourceOf },
    has: (descriptor, options) => store.has(descriptor, options),
    open: (descriptor, options) => store.open(descriptor, options),
    write: (descriptor, source, options) => store.write(descriptor, source, options),
    resolve: (target, options) => store.resolve(target, options),
    tag: (descriptor, tag, options) => store.tag(descriptor, tag, options),
    tags: (options) => store.tags(options),
    ...changes,
  };
}
