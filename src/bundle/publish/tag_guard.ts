/**
 * Keeps tags from moving from one bundle to another by accident.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import { ConflictError, ifFound } from "../../core/errors.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { quote } from "../../core/text.ts";
import type { ContentStore } from "../../oci/store.ts";

/** What tags are to name. */
export interface TagGuard extends OperationOptions {
  /** That of the version first. */
  readonly tags: readonly string[];
  /** Digest of the manifest they are to name. */
  readonly digest: Digest;
  /** Lets them move. */
  readonly force?: boolean;
}

/**
 * Checks that tags name nothing else, and returns whether all of them name the manifest already.
 * @throws {ConflictError} when a tag names something else and `force` is not given.
 */
export async function guardTags(store: ContentStore, guard: TagGuard): Promise<boolean> {
  const options = operationOptions(guard);
  const found = await Promise.all(guard.tags.map((tag) => ifFound(store.resolve(tag, options))));
  const current = found.map((descriptor) => descriptor?.digest);
  for (const [index, digest] of current.entries()) {
    if (digest === undefined || digest === guard.digest || guard.force) continue;
    // Another version has a tag of its own, and would move the others all the same.
    const remedy = index === 0 ? RAISE_OR_MOVE : "move the tag with --force";
    throw wouldMove(`${store.name}:${guard.tags[index]}`, {
      actual: digest,
      expected: guard.digest,
      remedy,
    });
  }
  return current.every((digest) => digest === guard.digest);
}

const RAISE_OR_MOVE = "raise the version with --bump patch, or move the tag with --force";

function wouldMove(
  reference: string,
  facts: { readonly actual: Digest; readonly expected: Digest; readonly remedy: string },
): ConflictError {
  return new ConflictError(
    `Cannot publish ${quote(reference)}: the tag names another bundle, ${facts.actual}`,
    { reference, ...facts },
  );
}
