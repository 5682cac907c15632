/**
 * Files below a folder that somebody named, and nothing outside of it.
 * @module
 */
import { ConflictError, NotFoundError } from "../errors.ts";
import { pinFolder } from "../folders/pinned_folder.ts";
import { join } from "../runtime/path.ts";
import { quote } from "../text.ts";
import { examineFile, RegularFile } from "./file_source.ts";

/**
 * A source over a regular file below `root`. Below it no link is followed, also none that gets
 * there while the file is looked for or read: who can write into the folder has no file read that
 * lies elsewhere.
 *
 * @param path Relative, with forward slashes.
 * @throws {NotFoundError | InvalidInputError} as `fileSource` says.
 * @throws {ConflictError} when there is a link on the way, or the file was replaced meanwhile.
 */
export async function fileBelow(root: string, path: string): Promise<RegularFile> {
  const names = path.split("/");
  const place = join(root, ...names);
  const name = names.pop() ?? "";
  const opened = pinFolder(root, names);
  if (opened === "missing") throw new NotFoundError(`Cannot read ${quote(place)}: no such file`);
  if (opened === "not a folder") throw moved(place, "something on the way to it is not a folder");
  using folder = opened;
  const examined = { refuseLinks: true, shownPath: place };
  const found = examineFile(join(folder.path, name), examined);
  // Whenever it is opened, by its name, that has to lead to this very file.
  const info = examineFile(place, examined);
  const isSame = found.dev === info.dev && found.ino === info.ino;
  if (isSame && folder.isSame()) return new RegularFile(place, info, examined);
  throw moved(place, "it was replaced while it was looked for");
}

function moved(path: string, found: string): ConflictError {
  return new ConflictError(`Cannot read ${quote(path)}: ${found}`, { path });
}
