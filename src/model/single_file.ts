/**
 * The single file that attach and upload package.
 * @module
 */
import { basename, isAbsolute, normalize, relative, resolve, sep } from "../core/runtime/path.ts";
import { safeRelativePath } from "../archive/safe_path.ts";
import { InvalidInputError } from "../core/errors.ts";
import { explainRead } from "../core/file_errors.ts";
import { fileSource } from "../core/content/file_source.ts";
import { quote } from "../core/text.ts";
import { classify } from "./file_kinds.ts";
import { refusePointer } from "./source/lfs_pointer.ts";
import type { WorkspaceFile } from "./workspace.ts";

/** Where the file goes in the model. */
export interface SingleFileOptions {
  /** Folder in the model; the file's own relative path counts when absent. */
  readonly destinationDir?: string;
}

/**
 * The facts of a file and its path in the model: `<destinationDir>/<base name>`, or the path as it
 * was given, relative to the working directory. A file from elsewhere keeps its base name only.
 * @throws {NotFoundError | InvalidInputError} when the file cannot be packaged.
 */
export async function singleFile(
  file: string,
  options: SingleFileOptions = {},
): Promise<WorkspaceFile> {
  const absolute = resolve(file);
  const { size } = await fileSource(absolute);
  const info = await Deno.stat(absolute).catch((error) => {
    throw explainRead(file, error);
  });
  await refusePointer({ path: file, absolute, size });
  const path = safeRelativePath(modelPath(file, options), { action: "package" });
  return {
    kind: classify(basename(path), size),
    path,
    absolute,
    size,
    mode: info.mode ?? 0o644,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
    mtime: info.mtime?.getTime() ?? 0,
  };
}

function modelPath(file: string, { destinationDir }: SingleFileOptions): string {
  if (destinationDir !== undefined) {
    if (isAbsolute(destinationDir)) {
      throw new InvalidInputError(
        `Cannot use ${quote(destinationDir)} as the destination directory: ` +
          "it must be a relative path within the model",
        { path: destinationDir },
      );
    }
    return `${destinationDir.replaceAll(sep, "/")}/${basename(file)}`;
  }
  const within = normalize(relative(".", file));
  const outside = isAbsolute(within) || within.split(sep)[0] === "..";
  return outside ? basename(file) : within.replaceAll(sep, "/");
}
