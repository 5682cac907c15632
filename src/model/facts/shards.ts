/**
 * The parts of weights that an index file lists: each has to be there, and whole.
 * @module
 */
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { fileSource } from "../../core/content/file_source.ts";
import { decodeJsonParts } from "../../core/json.ts";
import { problemsError } from "../../core/problems.ts";
import { quote } from "../../core/text.ts";
import type { WorkspaceFile } from "../workspace.ts";
import { filesNamed, isShardIndex } from "./shard_index.ts";
import { readSafetensors } from "./headers/safetensors.ts";
import { cutFault } from "./headers/file_ends.ts";

/** Largest index that is read, in bytes; one of a hundred thousand tensors has a tenth of it. */
const LARGEST_INDEX = 64 * 1024 * 1024;

/** The most files that an index may name; a manifest has no room for as many layers. */
const MOST_FILES = 20_000;

/**
 * Makes sure that every part that an index names is among the files of a model, and whole.
 * @throws {InvalidInputError} with all that are missing or cut.
 */
export async function checkShards(
  files: readonly WorkspaceFile[],
  workspace: string,
): Promise<void> {
  const known = new Map(files.map((file) => [file.path, file]));
  const problems: Problem[] = [];
  for (const index of files.filter(({ path }) => isShardIndex(path))) {
    for (const path of await shardsOf(index)) {
      const fault = await shardFault(known.get(path));
      if (fault !== undefined) {
        problems.push({ message: `${quote(path)}, which ${quote(index.path)} names, ${fault}` });
      }
    }
  }
  if (problems.length === 0) return;
  throw problemsError(`package ${quote(workspace)}`, problems, {
    path: workspace,
    remedy: "download what is missing, or leave the index out with --exclude",
  });
}

/**
 * Paths of the files that an index names; none when it is no index after all. Of what it says of a
 * hundred thousand tensors nothing else is kept.
 */
async function shardsOf({ path, absolute }: WorkspaceFile): Promise<ReadonlySet<string>> {
  const source = await fileSource(absolute);
  const invalid = (found: string) =>
    new InvalidInputError(`Cannot read ${quote(path)}: ${found}`, { path });
  if (source.size > LARGEST_INDEX) throw invalid(`it has more than ${LARGEST_INDEX} bytes`);
  const files = new Set<string>();
  const parts = decodeJsonParts(await source.open(), quote(path), { cut: 2, isPython: true });
  for await (const part of parts) {
    const names = filesNamed(part, path);
    if (names === undefined) return new Set();
    for (const name of names) files.add(name);
    if (files.size > MOST_FILES) throw invalid(`it names more than ${MOST_FILES} files`);
  }
  return files;
}

/** What is wrong with a part, as a clause. */
async function shardFault(file: WorkspaceFile | undefined): Promise<string | undefined> {
  if (file === undefined) return "is not among the files of the model";
  const source = await fileSource(file.absolute);
  if (!file.path.endsWith(".safetensors")) return await cutFault(source);
  try {
    await readSafetensors(source, { name: file.path });
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return `is not whole: ${error.message}`;
  }
}
