/**
 * What an extraction would do to a folder.
 * @module
 */
import { Survey } from "../../archive/places/survey.ts";
import { type FileVerdict, planFiles, type WantedFile } from "../../archive/places/verdicts.ts";
import { safeRelativePath } from "../../archive/safe_path.ts";
import { lstatIfExists } from "../../core/files.ts";
import { operationOptions } from "../../core/operation.ts";
import { resolve } from "../../core/runtime/path.ts";
import { capability } from "../../oci/capabilities.ts";
import type { ContentStore } from "../../oci/store.ts";
import type { WriteFiles } from "../extraction/extract.ts";
import { refuseLeftOut } from "../extraction/archive.ts";
import { filesSize, type ModelLayer, modelLayers, type TarLayer } from "../extraction/layers.ts";
import { surveyModel } from "../extraction/survey.ts";
import { layerPath } from "../media_types.ts";
import type { ExtractModelOptions } from "../operations/moving.ts";
import { RehearsedFiles } from "./archives.ts";
import type { Notes } from "./notes.ts";
import type { PlannedStep } from "./plan.ts";

/** What looks at a folder instead of writing files into it. */
export function rehearsedFiles(notes: Notes): WriteFiles {
  return async (store, manifest, options) => {
    const root = resolve(options.output);
    const layers = modelLayers(manifest, options);
    const files = new RehearsedFiles(options);
    for (const layer of layers) {
      if (layer.form === "raw") files.add(layer.path, layer.descriptor.digest);
    }
    const here = new Set(await archivesHere(store, layers));
    const others = layers.filter((layer) => !here.has(layer));
    const { verdicts, conflicts, room } = await surveyModel(root, store, others, options);
    const place = notes.place({ kind: "folder", name: root, folder: root });
    place.needed += await room.exact();
    if (room.copies) place.shareable += place.needed;
    notes.conflicts(conflicts);
    for (const [{ path, descriptor: { digest, size } }, verdict] of verdicts) {
      if (verdict.action !== "keep") files.count(path, size);
      notes.step(fileStep(root, { path, digest, size }, verdict));
    }
    for (const layer of layers) {
      if (layer.form !== "tar") continue;
      if (!here.has(layer)) await noteAbsent(notes, root, layer, options);
      else place.needed += await noteArchive(notes, root, await files.read(store, layer), options);
    }
    refuseLeftOut(root, [files]);
    return { output: root, written: 0, unchanged: 0, bytes: 0 };
  };
}

function fileStep(
  place: string,
  { path, digest, size = 0 }: WantedFile,
  { action, conflict }: FileVerdict,
): PlannedStep {
  const { actual, reason } = conflict ?? {};
  return {
    action,
    kind: "file",
    name: path,
    place,
    size,
    digest,
    ...(actual === undefined ? {} : { replaces: actual }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Notes the files of an archive that is on this machine; returns the bytes that are written. */
async function noteArchive(
  notes: Notes,
  root: string,
  files: readonly WantedFile[],
  options: ExtractModelOptions,
): Promise<number> {
  const verdicts = await planFiles(new Survey(root), files, {
    ...operationOptions(options),
    overwrite: options.overwrite,
    replaceFolders: false,
  });
  for (const [index, verdict] of verdicts.entries()) {
    notes.step(fileStep(root, files[index]!, verdict));
    if (verdict.action === "conflict" && verdict.conflict) notes.conflicts([verdict.conflict]);
  }
  // Until it is known what an archive has, all of it is on the disk.
  return files.reduce((sum, { size = 0 }) => sum + size, 0);
}

/** Notes an archive that is elsewhere by what names it. */
async function noteAbsent(
  notes: Notes,
  root: string,
  layer: TarLayer,
  options: ExtractModelOptions,
): Promise<void> {
  const { digest, annotations } = layer.descriptor;
  const path = layerPath(annotations);
  const name = path === undefined ? digest : safeRelativePath(path, options);
  const there = path === undefined ? "missing" : (await new Survey(root).look(name)).kind;
  const action = there === "missing" ? "create" : options.overwrite ? "replace" : "compare";
  notes.step({ action, kind: "file", name, place: root, size: filesSize(layer), digest });
}

async function archivesHere(
  store: ContentStore,
  layers: readonly ModelLayer[],
): Promise<ModelLayer[]> {
  const found = await Promise.all(layers.map((layer) => isHere(store, layer)));
  return layers.filter((_, index) => found[index]);
}

async function isHere(store: ContentStore, { form, descriptor }: ModelLayer): Promise<boolean> {
  if (form !== "tar") return false;
  const path = capability(store, "filePath")?.(descriptor);
  return path !== undefined && (await lstatIfExists(path))?.size === descriptor.size;
}
