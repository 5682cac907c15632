/**
 * The base of stores that stand in front of another: a filter, a read-only view, a log.
 * @module
 */
import type { ContentStore } from "./store.ts";

/** A store that does what `store` does, save for what `changes` do instead. */
export function wrapped(store: ContentStore, changes: Partial<ContentStore>): ContentStore {
  return {
    name: store.name,
    capabilities: store.capabilities,
    has: (descriptor, options) => store.has(descriptor, options),
    open: (descriptor, options) => store.open(descriptor, options),
    write: (descriptor, source, options) => store.write(descriptor, source, options),
    resolve: (target, options) => store.resolve(target, options),
    tag: (descriptor, tag, options) => store.tag(descriptor, tag, options),
    tags: (options) => store.tags(options),
    ...changes,
  };
}
