/**
 * The next version of a bundle.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";

/** Which number of a version is raised. */
export type BumpKind = "major" | "minor" | "patch";

/** The kinds, the largest step first. */
export const BUMP_KINDS: readonly BumpKind[] = ["major", "minor", "patch"];

/**
 * The version after `version`: one number is raised, those after it start at 0. A leading `v`
 * stays.
 * @throws {InvalidInputError} when the version is not three numbers, or the kind is unknown.
 */
export function bumpVersion(version: string, kind: BumpKind): string {
  const place = BUMP_KINDS.indexOf(kind);
  const refuse = (reason: string): InvalidInputError =>
    new InvalidInputError(`Cannot bump version ${quote(version)}: ${reason}`);
  if (place < 0) throw refuse(`${quote(kind)} is none of ${BUMP_KINDS.join(", ")}`);
  const match = /^(v*)([0-9]{1,15})\.([0-9]{1,15})\.([0-9]{1,15})$/.exec(version);
  if (!match) throw refuse("it is not three numbers, such as 1.2.3");
  const numbers = match.slice(2).map((text, index) => {
    if (index === place) return Number(text) + 1;
    return index < place ? Number(text) : 0;
  });
  return `${match[1] ? "v" : ""}${numbers.join(".")}`;
}
