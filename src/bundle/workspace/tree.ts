/**
 * Everything that is in a folder, in the order of code points.
 * @module
 */
import { join } from "../../core/runtime/path.ts";
import { compareText } from "../../core/text.ts";
import { explainRead } from "../../core/file_errors.ts";
import type { OperationOptions } from "../../core/operation.ts";

/** Something below a folder. */
export interface TreeNode {
  /** Path relative to the folder, with forward slashes. */
  readonly path: string;
  /** What it is; links are not followed. */
  readonly kind: "file" | "folder" | "symbolic link" | "special file";
}

/** Lists what is below a folder, in the order of code points of the whole paths. */
export async function listTree(root: string, options: OperationOptions = {}): Promise<TreeNode[]> {
  const nodes: TreeNode[] = [];
  try {
    await collect(root, "", { into: nodes, signal: options.signal });
  } catch (error) {
    throw explainRead(root, error);
  }
  return nodes.sort((a, b) => compareText(a.path, b.path));
}

async function collect(
  root: string,
  prefix: string,
  target: { readonly into: TreeNode[]; readonly signal: AbortSignal | undefined },
): Promise<void> {
  for await (const entry of Deno.readDir(join(root, prefix))) {
    target.signal?.throwIfAborted();
    const path = prefix + entry.name;
    target.into.push({ path, kind: kindOf(entry) });
    if (entry.isDirectory) await collect(root, `${path}/`, target);
  }
}

function kindOf(entry: Deno.DirEntry): TreeNode["kind"] {
  if (entry.isSymlink) return "symbolic link";
  if (entry.isDirectory) return "folder";
  return entry.isFile ? "file" : "special file";
}
