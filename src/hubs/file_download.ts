/**
 * One file from a hub: resumed, verified, and only then given its name.
 * @module
 */
import { basename, join } from "../core/runtime/path.ts";
import type { OperationOptions } from "../core/operation.ts";
import { reported } from "../core/progress.ts";
import { fileSource } from "../core/content/file_source.ts";
import { quote } from "../core/text.ts";
import { parentOf } from "../archive/safe_path.ts";
import type { TargetFolder } from "../archive/target_folder.ts";
import { transferToFile } from "../transfer/to_file.ts";
import type { HubClient } from "./client.ts";
import { contentCheck } from "./content_check.ts";
import type { PlannedFile } from "./download_plan.ts";
import { hubFileSource } from "./file_source.ts";

/** A file that is in the folder now. */
export interface DownloadedFile {
  /** Path in the folder, with forward slashes. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  /** Whether it was there before. */
  readonly present: boolean;
}

/**
 * Makes sure that a file is in the folder.
 * @throws {IntegrityError} when what comes is not what the hub promised; nothing of it remains.
 * @throws {TransferError} when the connection is lost too often in a row.
 */
export async function downloadFile(
  planned: PlannedFile,
  { client, target, ...options }: OperationOptions & { client: HubClient; target: TargetFolder },
): Promise<DownloadedFile> {
  const { path, file, partialBase } = planned;
  const { signal } = options;
  const item = { id: path, name: path, size: file.size, phase: "download" } as const;
  return await reported(item, options, async (onBytes, endAs) => {
    if (await isPresent(planned, target, signal)) {
      endAs("skip");
      return { path, size: file.size!, present: true };
    }
    target.ensureFolder(parentOf(path), { of: path });
    for (const place of [path, `${partialBase}.partial`, `${partialBase}.journal`]) {
      target.ensureReplaceable(place);
    }
    using folder = target.pin(parentOf(path), { of: path });
    const size = await transferToFile(hubFileSource(client, file), target.resolve(path), {
      what: quote(path),
      check: contentCheck(file),
      folder: folder.path,
      partialBase: join(folder.path, basename(partialBase)),
      // Not every hub sends ranges: one that does not would send the whole file for each.
      parallel: false,
      signal,
      log: client.log,
      onBytes,
    });
    return { path, size, present: false };
  });
}

/** Whether the file is there and is, as far as the hub says, the same. */
async function isPresent(
  { path, file }: PlannedFile,
  target: TargetFolder,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // Without a size or a hash nothing tells an old file from the present one.
  if (file.size === undefined || !target.hasFile(path)) return false;
  const source = await fileSource(target.resolve(path));
  if (source.size !== file.size) return false;
  const check = contentCheck(file);
  if (check === undefined) return true;
  const hash = check.start();
  for await (const chunk of await source.open({ signal })) hash.update(chunk);
  return hash.digest() === check.expected;
}
