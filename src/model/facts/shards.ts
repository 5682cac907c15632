/**
 * The parts of weights that an index file lists, or an ONNX model refers to: each has to be there,
 * and whole.
 * @module
 */
import { InvalidInputError, type Problem } from "../../core/errors.ts";
import { fileSource } from "../../core/content/file_source.ts";
import * as posix from "../../core/runtime/posix_path.ts";
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

/** The parts that a file names, and how many bytes each has at least. */
type Parts = ReadonlyMap<string, number>;

const NO_PARTS: Parts = new Map();

/**
 * Makes sure that every part that a file names is among the files of a model, and whole.
 * @throws {InvalidInputError} with all that are missing or cut.
 */
export async function checkShards(
  files: readonly WorkspaceFile[],
  workspace: string,
): Promise<void> {
  const known = new Map(files.map((file) => [file.path, file]));
  const problems: Problem[] = [];
  for (const file of files) {
    for (const [path, bytes] of await partsOf(file)) {
      const fault = await shardFault(known.get(path), bytes);
      if (fault !== undefined) {
        problems.push({ message: `${quote(path)}, which ${quote(file.path)} names, ${fault}` });
      }
    }
  }
  if (problems.length === 0) return;
  throw problemsError(`package ${quote(workspace)}`, problems, {
    path: workspace,
    remedy: "download what is missing, or leave out with --exclude what names it",
  });
}

async function partsOf(file: WorkspaceFile): Promise<Parts> {
  if (isShardIndex(file.path)) {
    return new Map(Array.from(await shardsOf(file), (path) => [path, 0]));
  }
  return /\.onnx$/i.test(file.path) ? await onnxParts(file) : NO_PARTS;
}

/** The files that have weights of an ONNX model; none of one that is malformed. */
async function onnxParts({ path, absolute }: WorkspaceFile): Promise<Parts> {
  const { readOnnx } = await import("./headers/onnx.ts");
  try {
    const { elsewhere = NO_PARTS } = await readOnnx(await fileSource(absolute), { name: path });
    const folder = posix.dirname(path);
    return new Map(Array.from(elsewhere, ([name, bytes]) => [posix.join(folder, name), bytes]));
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return NO_PARTS;
  }
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
async function shardFault(
  file: WorkspaceFile | undefined,
  bytes: number,
): Promise<string | undefined> {
  if (file === undefined) return "is not among the files of the model";
  if (file.size < bytes) return `is cut: it has ${file.size} bytes, want at least ${bytes}`;
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
