/**
 * Tags near one that does not exist, for whoever mistyped it.
 * @module
 */
import { NotFoundError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { Descriptor } from "../descriptor.ts";
import { isTag } from "../reference.ts";
import type { ContentStore } from "../store.ts";

/** The most tags that are told of where none is near. */
const MOST_TAGS = 5;

/**
 * The descriptor of the manifest that a tag or a digest names.
 * @throws {NotFoundError} naming tags that are near, when there is none.
 */
export async function resolveNamed(
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<Descriptor> {
  try {
    return await store.resolve(target, options);
  } catch (error) {
    throw await withNearTags(error, store, target, options);
  }
}

/** An error of a tag that is not there, with what it could have been; other errors as they are. */
export async function withNearTags(
  error: unknown,
  store: ContentStore,
  target: string,
  options: OperationOptions = {},
): Promise<unknown> {
  if (!(error instanceof NotFoundError) || !isTag(target)) return error;
  const tags = await Array.fromAsync(store.tags(options)).catch((reason: unknown) => {
    options.signal?.throwIfAborted();
    options.log?.("debug", `Cannot list the tags of ${store.name}`, { error: reason });
    return [];
  });
  // It may have come in the meantime.
  const others = tags.filter((tag) => tag !== target);
  if (others.length === 0) return error;
  // Loaded when it is needed, as for words of the command line.
  const { nearest } = await import("../../core/suggest.ts");
  const named = (tag: string) => `${store.name}:${tag}`;
  const near = nearest(target, others).map(named);
  const { message, facts } = error;
  if (near.length > 0) {
    return new NotFoundError(message, { ...facts, suggestions: near, cause: error });
  }
  const remedy = facts.remedy ?? tagsText(others);
  return new NotFoundError(message, { ...facts, remedy, cause: error });
}

function tagsText(tags: readonly string[]): string {
  const newest = newestVersionsFirst(tags).slice(0, MOST_TAGS);
  const more = tags.length > newest.length ? ` and ${tags.length - newest.length} others` : "";
  return `it has ${newest.join(", ")}${more}`;
}

/**
 * Tags with the newest versions first: numbers in them count as numbers, so `v10` is before `v9`.
 */
export function newestVersionsFirst(tags: readonly string[]): readonly string[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return tags.toSorted((a, b) => compare(b, a));
}
