/**
 * A store whose failures say only what clients may hear: what describes its content may repeat them
 * among what it could not read, and those of a disk name paths of this machine.
 * @module
 */
import { IntegrityError, NotFoundError } from "../../core/errors.ts";
import { capability } from "../../oci/capabilities.ts";
import type { ContentStore } from "../../oci/store.ts";
import { faultOf, RegistryFault } from "../fault.ts";

/** A repository for reading, by those who describe it to clients. */
export function shownStore(store: ContentStore, signal?: AbortSignal): ContentStore {
  const told = (error: unknown) => toldFailure(error, signal);
  const read = capability(store, "read");
  const referrers = capability(store, "referrers");
  return {
    name: store.name,
    has: (...asked) => store.has(...asked).catch(told),
    open: (...asked) => store.open(...asked).catch(told),
    resolve: (...asked) => store.resolve(...asked).catch(told),
    tags: (...asked) => listed(store.tags(...asked), told),
    write: refused,
    tag: refused,
    capabilities: {
      read: read && ((...asked) => read(...asked).catch(told)),
      referrers: referrers && ((...asked) => listed(referrers(...asked), told)),
    },
  };
}

async function* listed<Item>(
  items: AsyncIterable<Item>,
  told: (error: unknown) => never,
): AsyncGenerator<Item, void> {
  try {
    yield* items;
  } catch (error) {
    told(error);
  }
}

/** @throws the failure in the words that its answer has. */
function toldFailure(error: unknown, signal?: AbortSignal): never {
  if (signal?.aborted) throw error;
  const fault = faultOf(error, { unknown: "MANIFEST_UNKNOWN", signal });
  const { message } = fault;
  throw fault.status === 404
    ? new NotFoundError(message, { cause: fault })
    : new IntegrityError(message, { cause: fault });
}

/** The fault by which a store told of a failure, or the failure itself. */
export function toldFault(error: unknown): unknown {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof RegistryFault) return at;
  }
  return error;
}

async function refused(): Promise<void> {
  throw new RegistryFault("UNSUPPORTED");
}
