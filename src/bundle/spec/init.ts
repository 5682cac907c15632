/**
 * Writes the first `modelops.yaml` of a folder.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { ConflictError } from "../../core/errors.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { explainRead } from "../../core/file_errors.ts";
import { statKind } from "../../core/files.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { quote } from "../../core/text.ts";
import { listTree } from "../workspace/tree.ts";
import { type FirstSpec, firstSpec } from "./first_spec.ts";
import { parseSpec } from "./parse.ts";
import { checkFolder, findSpecFile, SPEC_FILES } from "./read.ts";

/** How to write a first spec. */
export interface InitOptions extends OperationOptions {
  /** Name of the bundle; made of that of the folder when absent. */
  readonly name?: string;
  /** Whether a spec that is there is replaced. */
  readonly force?: boolean;
}

/** What was written. */
export interface InitResult extends FirstSpec {
  /** The file. */
  readonly path: string;
}

/**
 * Looks at the files of a folder and writes a spec for them, which a person goes on with.
 * @throws {NotFoundError} when there is no such folder.
 * @throws {InvalidInputError} when it has no files, or the name is not one of a bundle.
 * @throws {ConflictError} when it has a spec and `force` is not given.
 */
export async function initSpec(folder: string, options: InitOptions = {}): Promise<InitResult> {
  await checkFolder(folder, "describe");
  const there = await findSpecFile(folder);
  if (there !== undefined && !options.force) {
    throw new ConflictError(`Cannot describe ${quote(folder)}: it has a ${there}`, {
      path: join(folder, there),
      remedy: "go on with that file, or replace it with --force",
    });
  }
  const nodes = await listTree(folder, options);
  const paths = nodes.filter(({ kind }) => kind === "file" || kind === "symbolic link")
    .map(({ path }) => path);
  const sizes = await mapConcurrent(paths, async (path) => {
    const place = join(folder, ...path.split("/"));
    // A link to a folder, or to nothing, is no file.
    if (await statKind(place) !== "file") return [];
    const { size } = await Deno.stat(place).catch((error) => {
      throw explainRead(place, error);
    });
    return [{ path, size }];
  }, options);
  const spec = firstSpec(folder, sizes.flat(), options.name);
  const path = join(folder, there ?? SPEC_FILES[0]!);
  // What is proposed can be published as it is.
  parseSpec(spec.text, path);
  await writeFileAtomic(path, new TextEncoder().encode(spec.text), {
    signal: options.signal,
    tidy: true,
  });
  return { ...spec, path };
}
