/**
 * Another command that writes an object at the same time: what it wrote is not replaced by who has
 * not seen it.
 * @module
 */
import { ConflictError } from "../core/errors.ts";
import type { ObjectFacts, PutObjectOptions } from "./object_store.ts";
import { quoteUri } from "./object_uri.ts";

/** The facts of an object, if it is known to have the content that is to be written. */
export function ifContent(
  there: ObjectFacts | undefined,
  size: number,
  { sha256 }: Pick<PutObjectOptions, "sha256">,
): ObjectFacts | undefined {
  return there?.size === size && there.sha256 === sha256 ? there : undefined;
}

/** The error for an object that another command has written, with other content. */
export function overtaken(uri: string): ConflictError {
  return new ConflictError(
    `Cannot write ${quoteUri(uri)}: another command wrote other content there meanwhile`,
    { remedy: "run the command again, one at a time" },
  );
}
