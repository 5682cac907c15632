/**
 * A view of a store that nobody can change.
 * @module
 */
import { AccessDeniedError } from "../core/errors.ts";
import type { ContentStore } from "./store.ts";
import { wrapped } from "./wrapped.ts";

/** The store, for reading; every write is refused with an {@linkcode AccessDeniedError}. */
export function readOnly(store: ContentStore): ContentStore {
  const refuse = () =>
    Promise.reject(new AccessDeniedError(`Cannot write to ${store.name}: it is read-only`));
  const { stat, origin, referrers, toFile, read, filePath, deferPrune, earlier } =
    store.capabilities ?? {};
  return wrapped(store, {
    write: refuse,
    tag: refuse,
    capabilities: { stat, origin, referrers, toFile, read, filePath, deferPrune, earlier },
  });
}
