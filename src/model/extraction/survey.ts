/**
 * What is in the places of a model's files.
 * @module
 */
import { Survey } from "../../archive/places/survey.ts";
import { type FileConflict, type FileVerdict, planFiles } from "../../archive/places/verdicts.ts";
import { safeRelativePath } from "../../archive/safe_path.ts";
import { partialBase, type ResumedFile } from "../../archive/staging.ts";
import { type Digest, digestHex } from "../../core/digest.ts";
import { ifFound } from "../../core/errors.ts";
import { bytesOnDisk, type RoomNeeded } from "../../core/folders/room.ts";
import { join } from "../../core/runtime/path.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { capability } from "../../oci/capabilities.ts";
import type { ContentStore } from "../../oci/store.ts";
import type { ExtractModelOptions } from "../operations/moving.ts";
import { filesSize, type ModelLayer, type RawLayer } from "./layers.ts";

/** What the hidden names of files begin with that are not whole yet. */
export const HIDDEN_PREFIX = ".modelops-";

/** What was found in the places of a model's files. */
export interface ModelSurvey {
  /** What has to be done about each layer that is a file; archives name their files themselves. */
  readonly verdicts: ReadonlyMap<RawLayer, FileVerdict>;
  /** The files that stop an extraction. */
  readonly conflicts: readonly FileConflict[];
  /** Paths of the files that are there already. */
  readonly unchanged: ReadonlySet<string>;
  /** What is to be written, archives included. */
  readonly room: RoomNeeded;
}

/**
 * Looks at the places of a model's files below a folder, which need not exist, before anything is
 * written. What the store has is no work of a person: an earlier version of the model may be
 * replaced.
 */
export async function surveyModel(
  root: string,
  store: ContentStore,
  layers: readonly ModelLayer[],
  options: Pick<ExtractModelOptions, "overwrite" | "concurrency"> & OperationOptions,
): Promise<ModelSurvey> {
  const files = layers.filter((layer) => layer.form === "raw");
  const wanted = files.map(({ path, descriptor: { digest, size } }) => (
    { path: safeRelativePath(path), digest, size }
  ));
  const found = await planFiles(new Survey(root), wanted, {
    ...operationOptions(options),
    concurrency: options.concurrency,
    overwrite: options.overwrite,
    isOurs: (digest) => isKnown(store, digest, options),
    replaceFolders: false,
  });
  const kept = new Set(files.filter((_, index) => found[index]?.action === "keep"));
  const written = layers.filter((layer) => layer.form === "tar" || !kept.has(layer));
  return {
    verdicts: new Map(files.map((layer, index) => [layer, found[index]!])),
    conflicts: found.flatMap(({ action, conflict }) =>
      action === "conflict" && conflict ? [conflict] : []
    ),
    unchanged: new Set(Array.from(kept, ({ path }) => path)),
    room: {
      most: sumOf(written, filesSize),
      exact: () => sumOf(written, (layer) => Math.max(0, filesSize(layer) - come(root, layer))),
      copies: capability(store, "filePath") !== undefined,
    },
  };
}

/** The place of a layer that is gone on with when an earlier extraction was stopped in it. */
export function resumedFile(layer: ModelLayer): ResumedFile[] {
  if (layer.form === "tar") return [];
  return [{ path: layer.path, key: digestHex(layer.descriptor.digest) }];
}

/** Bytes of a layer that an earlier extraction has left. */
function come(root: string, layer: ModelLayer): number {
  return sumOf(resumedFile(layer), ({ path, key }) => {
    const place = join(root, safeRelativePath(path));
    return bytesOnDisk(`${partialBase(place, key, { hiddenPrefix: HIDDEN_PREFIX })}.partial`);
  });
}

function sumOf<Item>(items: readonly Item[], sizeOf: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + sizeOf(item), 0);
}

/** Whether a store has some content, and can tell. */
async function isKnown(
  store: ContentStore,
  digest: Digest,
  options: OperationOptions,
): Promise<boolean> {
  const stat = capability(store, "stat");
  return stat !== undefined && await ifFound(stat(digest, operationOptions(options))) !== undefined;
}
