/**
 * What commands that were killed have left of links: hidden files beside them, and tags that name
 * nothing.
 * @module
 */
import { lstatIfExists, lstatIfExistsSync, readDirIfExists } from "../../core/files.ts";
import { removeBelow } from "../../core/folders/remove_below.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { join } from "../../core/runtime/path.ts";
import { HIDDEN_FILE } from "../../core/staged_file.ts";
import type { DiskLayout } from "../disk_layout.ts";
import { remove } from "./remove.ts";

/** What tells that nobody goes on with something. */
export interface HalfMadeOptions extends OperationOptions {
  /** The time now, in milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds since it was last written to for which it is left alone. */
  readonly gracePeriod: number;
}

/** Removes what is half-made of the links of one repository. */
export async function removeHalfMade(
  layout: DiskLayout,
  repository: string,
  options: HalfMadeOptions,
): Promise<void> {
  const isOld = (info: Deno.FileInfo | undefined) =>
    info !== undefined && options.now - (info.mtime?.getTime() ?? 0) >= options.gracePeriod;
  const removed = { files: 0, bytes: 0 };
  for (const part of ["_layers", "_manifests"]) {
    const found = await removeBelow(join(layout.repository(repository), part), {
      signal: options.signal,
      isOurs: (path, { name }) => HIDDEN_FILE.test(name) && isOld(lstatIfExistsSync(path)),
    });
    removed.files += found.files;
    removed.bytes += found.bytes;
  }
  for (const { name } of await readDirIfExists(layout.tags(repository))) {
    if (await lstatIfExists(layout.tagCurrent(repository, name)) !== undefined) continue;
    const folder = layout.tag(repository, name);
    if (!isOld(await lstatIfExists(folder))) continue;
    await remove(folder);
    removed.files++;
  }
  if (removed.files === 0) return;
  options.log?.("info", `Removed what stopped commands left in ${repository}`, removed);
}
