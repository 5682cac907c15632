/**
 * The files of a snapshot, several at once, into a folder.
 * @module
 */
import { mapConcurrent } from "../core/concurrency.ts";
import { NotFoundError } from "../core/errors.ts";
import type { OperationOptions } from "../core/operation.ts";
import { reportPlan } from "../core/progress.ts";
import { TargetFolder } from "../archive/target_folder.ts";
import { quote } from "../core/text.ts";
import { type DownloadedFile, downloadFile } from "./file_download.ts";
import { type FileSelection, planDownload } from "./download_plan.ts";
import type { HubSnapshot } from "./hub.ts";

export interface DownloadOptions extends FileSelection, OperationOptions {
  /** Files downloaded at once; 5 when absent. */
  readonly concurrency?: number;
}

/** What a download left in the folder. */
export interface DownloadReport {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** The files, in the hub's order. */
  readonly files: readonly DownloadedFile[];
}

/**
 * Downloads files that are missing or differ. A file appears under its name when all its bytes have
 * come and are what the hub promised. Until then it is `.NAME.partial`, and `.NAME.journal` says
 * how far it is. Where the hub promises size and hash a later run goes on from there; otherwise
 * nothing of it remains after a failure.
 * @throws {NotFoundError} when no file is wanted.
 * @throws {InvalidInputError} with all the problems when names are unsafe or patterns malformed.
 * @throws {IntegrityError} when a file is not what the hub says it is.
 */
export async function downloadFiles(
  snapshot: HubSnapshot,
  folder: string,
  options: DownloadOptions = {},
): Promise<DownloadReport> {
  const planned = planDownload(snapshot.files, options);
  if (planned.length === 0) {
    const found = snapshot.files.length === 0 ? "the hub lists no file" : "no file of it is wanted";
    throw new NotFoundError(
      `Cannot download ${quote(snapshot.sourceUrl)}: ${found}`,
      { reference: snapshot.sourceUrl },
    );
  }
  const target = await TargetFolder.open(folder);
  reportPlan("download", planned.map(({ file }) => file), options);
  const { concurrency, signal } = options;
  const files = await mapConcurrent(
    planned,
    (file) => downloadFile(file, { ...options, client: snapshot.client, target }),
    { concurrency, signal },
  );
  return { folder: target.path, files };
}
