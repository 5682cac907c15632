/**
 * Tags near one that does not exist, for whoever mistyped it.
 * @module
 */
import { NotFoundError } from "../../core/errors.ts";
import { FirstItems } from "../../core/lists/first_items.ts";
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
  // Loaded when it is needed, as for words of the command line.
  const { NearWords } = await import("../../core/suggest.ts");
  const words = new NearWords(target);
  const newest = new NewestVersions(MOST_TAGS);
  try {
    for await (const tag of store.tags(options)) {
      // It may have come in the meantime.
      if (tag === target) continue;
      words.add(tag);
      newest.add(tag);
    }
  } catch (reason) {
    options.signal?.throwIfAborted();
    options.log?.("debug", `Cannot list the tags of ${store.name}`, { error: reason });
    return error;
  }
  if (newest.total === 0) return error;
  const near = words.found().map((tag) => `${store.name}:${tag}`);
  const { message, facts } = error;
  if (near.length > 0) {
    return new NotFoundError(message, { ...facts, suggestions: near, cause: error });
  }
  const remedy = facts.remedy ?? tagsText(newest);
  return new NotFoundError(message, { ...facts, remedy, cause: error });
}

function tagsText(newest: NewestVersions): string {
  const tags = newest.found();
  const more = newest.total > tags.length ? ` and ${newest.total - tags.length} others` : "";
  return `it has ${tags.join(", ")}${more}`;
}

/**
 * The tags with the newest versions among any number of them: numbers in them count as numbers, so
 * `v10` is before `v9`.
 */
class NewestVersions {
  readonly #first: FirstItems<string>;
  /** How many tags were added. */
  total = 0;

  /** Keeps so many. */
  constructor(limit: number) {
    const { compare } = new Intl.Collator("en", { numeric: true });
    this.#first = new FirstItems({ limit, compare: (a, b) => compare(b, a) });
  }

  /** Adds a tag. */
  add(tag: string): void {
    this.total++;
    this.#first.add(tag);
  }

  /** Those that are kept, newest first. */
  found(): readonly string[] {
    return this.#first.finish();
  }
}

/** The newest tags of a repository, at most `limit`, and how many it has in all. */
export async function newestTags(
  store: ContentStore,
  limit: number,
  options: OperationOptions,
): Promise<{ readonly newest: readonly string[]; readonly total: number }> {
  const newest = new NewestVersions(limit);
  for await (const tag of store.tags(options)) newest.add(tag);
  return { newest: newest.found(), total: newest.total };
}
