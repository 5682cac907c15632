/**
 * The pointer files of a workspace.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { fileBelow } from "../../core/content/file_below.ts";
import { readAll } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { decodePointer, type Pointer, POINTER_SIZE_LIMIT } from "../documents/pointer.ts";
import { isPointerPath, pointerPath } from "./layout.ts";
import type { TreeNode } from "./tree.ts";

/** The pointers of a workspace by path of their pointer files. */
export interface PointerFiles {
  /** Those that could be read. */
  readonly pointers: ReadonlyMap<string, Pointer>;
  /** Those that could not, each with the reason. */
  readonly malformed: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * The pointer of a pointer file, with the path that belongs to the file's name. Archives have names
 * in composed form, whatever form the bundle has them in.
 */
export function inPlace(file: string, pointer: Pointer): Pointer {
  const path = pointer.path.normalize("NFC");
  const isComposed = pointerPath(pointer.path) !== file && pointerPath(path) === file;
  return isComposed ? { ...pointer, path } : pointer;
}

/** Reads every pointer file among the nodes of a workspace. */
export async function readPointers(
  root: string,
  nodes: readonly TreeNode[],
  options: OperationOptions = {},
): Promise<PointerFiles> {
  const pointers = new Map<string, Pointer>();
  const malformed: { path: string; reason: string }[] = [];
  for (const { path, kind } of nodes) {
    if (kind !== "file" || !isPointerPath(path)) continue;
    try {
      const source = await fileBelow(root, path);
      const bytes = await readAll(await source.open(options), POINTER_SIZE_LIMIT, quote(path));
      pointers.set(path, inPlace(path, decodePointer(bytes, quote(path))));
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      malformed.push({ path, reason: error.message });
    }
  }
  return { pointers, malformed };
}
