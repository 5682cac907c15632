/**
 * The names a build or a tag gives.
 * @module
 */
import { InvalidInputError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { formatReference, parseReference, type Reference } from "../oci/reference.ts";

/**
 * Reads the references of a build, each once, in the order given.
 * @throws {InvalidInputError} when there is none, or one lacks a tag or carries a digest.
 */
export function buildTargets(texts: readonly string[]): [Reference, ...Reference[]] {
  const references = new Map(texts.map((text) => {
    const reference = taggedReference(text);
    return [formatReference(reference), reference];
  }));
  const [first, ...rest] = references.values();
  if (first) return [first, ...rest];
  throw new InvalidInputError("Cannot build: no target reference was given", {
    remedy: "add -t registry.example.com/name:tag",
  });
}

function taggedReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest !== undefined) {
    throw new InvalidInputError(
      `Cannot use reference ${quote(text)} as a target: a digest follows from content and ` +
        `cannot be chosen`,
      { reference: text },
    );
  }
  if (reference.tag !== undefined) return reference;
  throw new InvalidInputError(
    `Cannot use reference ${quote(text)} as a target: it has no tag`,
    { reference: text, remedy: `write ${text}:latest` },
  );
}
