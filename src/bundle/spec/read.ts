/**
 * The file `modelops.yaml` in the working directory of a bundle.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { InvalidInputError, NotFoundError } from "../../core/errors.ts";
import { lstatIfExists, readDocument } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { explainRead } from "../../core/file_errors.ts";
import { quote, shellWord } from "../../core/text.ts";
import type { BundleSpec } from "./description.ts";
import { parseSpec } from "./parse.ts";
import { SPEC_SIZE_LIMIT } from "../../core/yaml/limits.ts";

/** Names of the file, in the order they are looked for. */
export const SPEC_FILES: readonly string[] = [
  "modelops.yaml",
  "modelops.yml",
  ".mops-bundle.yaml",
  ".mops-bundle.yml",
];

/** A spec, and where it was found. */
export interface SpecFile {
  readonly spec: BundleSpec;
  readonly path: string;
  /** Name of the file in the working directory. */
  readonly name: string;
  readonly text: string;
}

/**
 * Finds and reads the spec of a working directory.
 * @throws {NotFoundError} when the directory does not exist.
 * @throws {InvalidInputError} when it has no spec, or with all the problems of the spec.
 */
export async function readSpecFile(
  workdir: string,
  options: OperationOptions = {},
): Promise<SpecFile> {
  options.signal?.throwIfAborted();
  await checkFolder(workdir, "find a bundle in");
  const name = await findSpecFile(workdir);
  if (name === undefined) {
    throw new InvalidInputError(
      `Cannot find a bundle in ${quote(workdir)}: it has no ${SPEC_FILES[0]}`,
      { path: workdir, remedy: `write one with \`modelops bundle init ${shellWord(workdir)}\`` },
    );
  }
  const path = join(workdir, name);
  const text = await readText(path);
  return { spec: parseSpec(text, path), path, name, text };
}

/** The name of the spec file in a directory, `undefined` when it has none. */
export async function findSpecFile(workdir: string): Promise<string | undefined> {
  for (const name of SPEC_FILES) {
    if (await lstatIfExists(join(workdir, name))) return name;
  }
  return undefined;
}

/**
 * Makes sure that a path is that of a folder.
 *
 * @param action What is done with it, as the message says after "Cannot" where nothing is there.
 * @throws {NotFoundError | InvalidInputError} when it is not.
 */
export async function checkFolder(path: string, action: string): Promise<void> {
  const info = await Deno.stat(path).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw explainRead(path, cause);
    const message = `Cannot ${action} ${quote(path)}: there is no such folder`;
    throw new NotFoundError(message, { path, cause });
  });
  if (info.isDirectory) return;
  throw new InvalidInputError(`Cannot use ${quote(path)} as a bundle: not a directory`, { path });
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(
      await readDocument(path, SPEC_SIZE_LIMIT),
    );
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw explainRead(path, cause);
    throw new InvalidInputError(`Cannot read ${quote(path)}: not valid UTF-8`, { path, cause });
  }
}
