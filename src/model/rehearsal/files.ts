/**
 * What an extraction would do to a folder.
 * @module
 */
import { compressionOfMediaType } from "../../archive/compression.ts";
import { limitedExpansion } from "../../archive/limits.ts";
import { Claims } from "../../archive/claims.ts";
import { Survey } from "../../archive/places/survey.ts";
import { type FileVerdict, planFiles, type WantedFile } from "../../archive/places/verdicts.ts";
import { namedSystem, safeRelativePath } from "../../archive/safe_path.ts";
import { readTar } from "../../archive/tar_reader.ts";
import { digestStream } from "../../core/digest.ts";
import { lstatIfExists } from "../../core/files.ts";
import { operationOptions } from "../../core/operation.ts";
import { resolve } from "../../core/runtime/path.ts";
import { streamOf } from "../../core/streams.ts";
import { quote } from "../../core/text.ts";
import { capability } from "../../oci/capabilities.ts";
import { type ContentStore, openVerified } from "../../oci/store.ts";
import type { WriteFiles } from "../extraction/extract.ts";
import { filesSize, modelLayers, type TarLayer } from "../extraction/layers.ts";
import { surveyModel } from "../extraction/survey.ts";
import { layerPath } from "../media_types.ts";
import type { ExtractModelOptions } from "../operations.ts";
import type { Notes } from "./notes.ts";
import type { PlannedStep } from "./plan.ts";

/** What looks at a folder instead of writing files into it. */
export function rehearsedFiles(notes: Notes): WriteFiles {
  return async (store, manifest, options) => {
    const root = resolve(options.output);
    const layers = modelLayers(manifest, options);
    claimAll(layers.flatMap((layer) => layer.form === "raw" ? layer.path : []), options);
    const { verdicts, conflicts, room } = await surveyModel(root, store, layers, options);
    const place = notes.place({ kind: "folder", name: root, folder: root });
    place.needed += await room.exact();
    if (room.copies) place.shareable += place.needed;
    notes.conflicts(conflicts);
    for (const [{ path, descriptor: { digest, size } }, verdict] of verdicts) {
      notes.step(fileStep(root, { path, digest, size }, verdict));
    }
    for (const layer of layers) {
      if (layer.form === "tar") await noteArchive(notes, root, store, layer, options);
    }
    return { output: root, written: 0, unchanged: 0, bytes: 0 };
  };
}

/** Refuses what an extraction refuses: names that leave the folder, and names that meet. */
function claimAll(paths: readonly string[], options: ExtractModelOptions): void {
  const claims = new Claims(namedSystem(options));
  for (const path of paths) claims.file(safeRelativePath(path, options));
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

/** Notes the files of an archive: exactly where it is on this machine, else by what names it. */
async function noteArchive(
  notes: Notes,
  root: string,
  store: ContentStore,
  layer: TarLayer,
  options: ExtractModelOptions,
): Promise<void> {
  if (await isHere(store, layer)) {
    const files = await archiveFiles(store, layer, options);
    const verdicts = await planFiles(new Survey(root), files, {
      ...operationOptions(options),
      overwrite: options.overwrite,
      replaceFolders: false,
    });
    for (const [index, verdict] of verdicts.entries()) {
      notes.step(fileStep(root, files[index]!, verdict));
      if (verdict.action === "conflict" && verdict.conflict) notes.conflicts([verdict.conflict]);
    }
    return;
  }
  const { digest, annotations } = layer.descriptor;
  const path = layerPath(annotations);
  const name = path === undefined ? digest : safeRelativePath(path, options);
  const there = path === undefined ? "missing" : (await new Survey(root).look(name)).kind;
  const action = there === "missing" ? "create" : options.overwrite ? "replace" : "compare";
  notes.step({ action, kind: "file", name, place: root, size: filesSize(layer), digest });
}

async function isHere(store: ContentStore, { descriptor }: TarLayer): Promise<boolean> {
  const path = capability(store, "filePath")?.(descriptor);
  return path !== undefined && (await lstatIfExists(path))?.size === descriptor.size;
}

/** The files in an archive, which is read to its end. */
async function archiveFiles(
  store: ContentStore,
  { descriptor }: TarLayer,
  options: ExtractModelOptions,
): Promise<WantedFile[]> {
  const packed = await openVerified(store, descriptor, operationOptions(options));
  const compression = compressionOfMediaType(descriptor.mediaType);
  const facts = { size: descriptor.size, what: quote(descriptor.digest) };
  const tar = limitedExpansion(compression.decompress(packed), facts, options);
  const { signal } = options;
  const files: WantedFile[] = [];
  // The digest of the layer tells whether it is whole.
  for await (const member of readTar(tar, { signal, onMissingEnd: () => {} })) {
    if (member.type !== "file") continue;
    const { digest, size } = await digestStream(streamOf(member.body), { signal });
    files.push({ path: safeRelativePath(member.name, options), digest, size });
  }
  return files;
}
