/**
 * A store as it is shown to clients. Its failures say only what they may hear: what describes
 * content may repeat them among what it could not read, and those of a disk name paths of this
 * machine. And who goes through much of it gives way to others, since what is on a disk is there at
 * once.
 * @module
 */
import { IntegrityError, NotFoundError } from "../../core/errors.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { capability } from "../../oci/capabilities.ts";
import type { ContentStore } from "../../oci/store.ts";
import { type ErrorCode, faultOf, RegistryFault } from "../fault.ts";

/** A repository for reading, by those who describe it to clients. */
export function shownStore(store: ContentStore, signal?: AbortSignal): ContentStore {
  async function shown<Result>(
    unknown: ErrorCode,
    work: () => Promise<Result>,
  ): Promise<Result> {
    await giveWay();
    try {
      return await work();
    } catch (error) {
      throw toldFailure(error, { unknown, signal });
    }
  }
  async function* listed<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void> {
    try {
      for await (const item of items) {
        await giveWay();
        yield item;
      }
    } catch (error) {
      throw toldFailure(error, { unknown: "NAME_UNKNOWN", signal });
    }
  }
  const read = capability(store, "read");
  const referrers = capability(store, "referrers");
  const earlier = capability(store, "earlier");
  return {
    name: store.name,
    has: (...asked) => shown("BLOB_UNKNOWN", () => store.has(...asked)),
    open: (...asked) => shown("BLOB_UNKNOWN", () => store.open(...asked)),
    resolve: (...asked) => shown("MANIFEST_UNKNOWN", () => store.resolve(...asked)),
    tags: (...asked) => listed(store.tags(...asked)),
    write: refused,
    tag: refused,
    capabilities: {
      read: read && ((...asked) => shown("BLOB_UNKNOWN", () => read(...asked))),
      earlier: earlier && ((...asked) => shown("MANIFEST_UNKNOWN", () => earlier(...asked))),
      referrers: referrers && ((...asked) => listed(referrers(...asked))),
    },
  };
}

/** A failure in the words that its answer has. */
function toldFailure(
  error: unknown,
  options: { readonly unknown: ErrorCode; readonly signal?: AbortSignal },
): unknown {
  if (options.signal?.aborted) return error;
  const fault = faultOf(error, options);
  const { message } = fault;
  return fault.status === 404
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
