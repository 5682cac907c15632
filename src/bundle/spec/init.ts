/**
 * Writes the first `modelops.yaml` of a folder.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { ConflictError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { problemsError } from "../../core/problems.ts";
import { giveWay } from "../../core/runtime/turn.ts";
import { writeFileAtomic } from "../../core/staged_file.ts";
import { quote } from "../../core/text.ts";
import { listTree } from "../workspace/tree.ts";
import { reasonOf } from "./files.ts";
import { type FirstSpec, firstSpec, isPublished, type ProposedFile } from "./first_spec.ts";
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
 * @throws {InvalidInputError} when it has no files, or the name is not one of a bundle; naming all
 * links to nothing and what is no file, which a bundle would lack in silence.
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
  const nodes = (await listTree(folder, options)).filter(({ kind }) => kind !== "folder");
  const problems: Unpublishable[] = [];
  const files: ProposedFile[] = [];
  for (const { path } of nodes) {
    await giveWay();
    options.signal?.throwIfAborted();
    try {
      const { isFile, isDirectory, size } = Deno.statSync(join(folder, ...path.split("/")));
      if (isFile) files.push({ path, size });
      // A link to a folder is no file, and nothing is lost with it.
      else if (!isDirectory) problems.push({ path, reason: "it is not a regular file" });
    } catch (error) {
      problems.push({ path, reason: reasonOf(error) });
    }
  }
  refuse(folder, problems.filter(({ path }) => isPublished(path)));
  const spec = firstSpec(folder, files, options.name);
  const path = join(folder, there ?? SPEC_FILES[0]!);
  // What is proposed can be published as it is.
  parseSpec(spec.text, path);
  await writeFileAtomic(path, new TextEncoder().encode(spec.text), {
    signal: options.signal,
    tidy: true,
  });
  return { ...spec, path };
}

/** What no bundle can have, and why, as a clause. */
interface Unpublishable {
  readonly path: string;
  readonly reason: string;
}

function refuse(folder: string, found: readonly Unpublishable[]): void {
  if (found.length === 0) return;
  const problems = found.map(({ path, reason }) => ({ message: `${quote(path)}: ${reason}` }));
  throw problemsError(`describe ${quote(folder)}`, problems, {
    path: folder,
    remedy: "mend or remove what cannot be published, or move it out of the folder",
  });
}
