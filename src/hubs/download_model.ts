/**
 * A model from a hub into a folder.
 * @module
 */
import { downloadFiles, type DownloadOptions, type DownloadReport } from "./download_files.ts";
import type { HubModel, HubOptions } from "./hub.ts";
import { MODEL_HUBS } from "./model_url.ts";

/** What was downloaded, and from where. */
export interface DownloadedModel extends DownloadReport {
  /** Page of the model, for people. */
  readonly sourceUrl: string;
  /** The commit or version that was downloaded, where the hub says it. */
  readonly revision?: string;
}

/**
 * Downloads the files of a model into a folder, which then holds them under the names they have on
 * the hub. Files that are there already are left as they are; parts of files of an earlier,
 * interrupted run are completed.
 * @throws {NotFoundError} when there is no such model or revision, or nothing in it that is wanted.
 * @throws {AccessDeniedError} when the hub refuses it.
 * @throws {InvalidInputError} with all the problems when names are unsafe or patterns malformed.
 * @throws {IntegrityError} when a file is not what the hub says it is.
 */
export async function downloadModel(
  model: HubModel,
  folder: string,
  options: HubOptions & DownloadOptions = {},
): Promise<DownloadedModel> {
  const snapshot = await MODEL_HUBS[model.hub].list(model, options);
  const report = await downloadFiles(snapshot, folder, options);
  return { ...report, sourceUrl: snapshot.sourceUrl, revision: snapshot.revision };
}
