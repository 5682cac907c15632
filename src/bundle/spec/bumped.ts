/**
 * A spec whose version is raised, in memory first, and on the disk when its bundle is published.
 * @module
 */
import { ConflictError } from "../../core/errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { quote } from "../../core/text.ts";
import { type BumpKind, bumpVersion } from "./bump.ts";
import type { SpecFile } from "./read.ts";
import { SpecText } from "./text.ts";

/** A spec, and its text before its version was raised. */
export interface BumpedSpec extends SpecFile {
  /** The text on the disk. */
  readonly previousText: string;
  /** The version on the disk. */
  readonly previousVersion: string;
}

/**
 * Raises the version of a spec in memory; without a kind, the spec stays as it is.
 * @throws {InvalidInputError} when the version is not one that can be raised.
 */
export function bumpSpec(file: SpecFile, bump: BumpKind | undefined): BumpedSpec {
  const previous = { previousText: file.text, previousVersion: file.spec.version };
  if (bump === undefined) return { ...file, ...previous };
  const version = bumpVersion(file.spec.version, bump);
  const text = new SpecText(file.text).withVersion(version);
  return { ...file, spec: { ...file.spec, version }, text, ...previous };
}

/**
 * Writes the raised version to the disk.
 * @throws {ConflictError} when the spec on the disk has changed since it was read.
 */
export async function writeBumpedSpec({ path, text, previousText }: BumpedSpec): Promise<void> {
  const found = await readTextIfExists(path);
  // Another run that raised the same version has published the same bundle.
  if (found === text) return;
  if (found !== previousText) {
    throw new ConflictError(
      `Cannot write the new version to ${quote(path)}: it changed meanwhile`,
      { path, remedy: "the bundle was published; set the version in the spec yourself" },
    );
  }
  // A link to the spec stays a link.
  const place = await Deno.realPath(path);
  const { mode } = await Deno.stat(place);
  const options = mode === null ? {} : { mode: mode & 0o777 };
  await writeFileAtomic(place, new TextEncoder().encode(text), { ...options, tidy: true });
}
