/**
 * Writes the files of a model into a folder.
 * @module
 */
import { Extraction } from "../../archive/extract.ts";
import { wouldOverwrite } from "../../archive/extract_tar.ts";
import type { FileContent } from "../../archive/file_content.ts";
import { mapConcurrent } from "../../core/concurrency.ts";
import { digestHex, DOCUMENT_SIZE } from "../../core/digest.ts";
import { checkRoom } from "../../core/folders/room.ts";
import { type OperationOptions, operationOptions } from "../../core/operation.ts";
import { reportPlan, reportSkipped } from "../../core/progress.ts";
import { capability } from "../../oci/capabilities.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/manifest.ts";
import {
  type ContentStore,
  openVerified,
  readContent,
  storeSource,
  takenFrom,
} from "../../oci/store.ts";
import { digestCheck } from "../../transfer/content_check.ts";
import { transferToFile } from "../../transfer/to_file.ts";
import { holdWorkers } from "../../work/pool.ts";
import { WORTH_A_WORKER } from "../../work/task.ts";
import { archiveOptions, type LeftOut, refuseLeftOut, unpacked } from "./archive.ts";
import { HIDDEN_PREFIX, resumedFile, surveyModel } from "./survey.ts";
import { type ModelLayer, modelLayers, type RawLayer, type TarLayer } from "./layers.ts";
import { parseTime } from "../file_metadata.ts";
import { layerFileMetadata } from "../media_types.ts";
import type { ExtractModelOptions, ExtractResult } from "../operations/moving.ts";

/** What one layer brought. */
interface LayerOutcome {
  readonly written: number;
  readonly unchanged: number;
  readonly bytes: number;
  /** What of an archive could not be written. */
  readonly left?: LeftOut;
}

/**
 * Writes every file of a model below `options.output`. Names are checked before the first byte is
 * written; every layer is verified before its files get their names; a file that is there already
 * with the same content is left alone.
 * @throws {InvalidInputError} when a name is missing or would leave the folder.
 * @throws {UnsupportedError} when a layer is none of a model's.
 * @throws {IntegrityError} when a layer is not what the manifest says.
 * @throws {ConflictError} when something that must not be replaced is in the way: files that
 * somebody changed too, all named at once before the first is written.
 */
export async function extractModel(
  store: ContentStore,
  manifest: Manifest,
  options: ExtractModelOptions & ExtractPhase,
): Promise<ExtractResult> {
  const layers = modelLayers(manifest, options);
  await using extraction = await Extraction.open(options.output, {
    ...operationOptions(options),
    // As with cp and tar: what is extracted can be extracted again after a power cut.
    flush: false,
    hiddenPrefix: HIDDEN_PREFIX,
    sweep: { resumed: layers.flatMap(resumedFile) },
    maxBytes: options.maxSize,
    portable: options.portable,
  });
  const total = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  for (const layer of layers) if (layer.form === "raw") extraction.claim(layer.path);
  const survey = await surveyModel(extraction.root, store, layers, options);
  if (survey.conflicts.length > 0) throw wouldOverwrite(extraction.root, survey.conflicts);
  const { unchanged } = survey;
  using workers = holdWorkers();
  if (options.phase === "download") workers.expect(sizesToCome(layers, unchanged));
  await checkRoom(extraction.root, survey.room);
  planStages(layers, options);
  const outcomes = await mapConcurrent(
    layers,
    (layer) =>
      takenFrom(
        store,
        layer.descriptor,
        () =>
          layer.form === "raw"
            ? extractRaw(extraction, { store, total }, layer, { ...options, unchanged })
            : extractTar(extraction, store, layer, options),
      ),
    options,
  );
  refuseLeftOut(extraction.root, outcomes.flatMap(({ left }) => left ?? []));
  const sum = (key: Exclude<keyof LayerOutcome, "left">) =>
    outcomes.reduce((total, outcome) => total + outcome[key], 0);
  return {
    output: extraction.root,
    written: sum("written"),
    unchanged: sum("unchanged"),
    bytes: sum("bytes"),
  };
}

/** The sizes of the files that will be received, for who starts workers meanwhile. */
function sizesToCome(layers: readonly ModelLayer[], unchanged: ReadonlySet<string>): number[] {
  return layers
    .filter((layer) => layer.form === "raw" && !unchanged.has(layer.path))
    .map(({ descriptor }) => descriptor.size);
}

/**
 * What writes the files of a model: {@linkcode extractModel}, or what only says what it would do.
 */
export type WriteFiles = typeof extractModel;

/** What the stage is called in which files come that are layers of their own. */
export interface ExtractPhase {
  /**
   * `download` where they come from a registry, and another run goes on with them; `extract`, which
   * is what becomes of archives in any case, when absent.
   */
  readonly phase?: "download" | "extract";
}

/**
 * Tells what there is to do. Archives begin again when they are stopped: they never count as kept.
 */
function planStages(
  layers: readonly ModelLayer[],
  options: OperationOptions & ExtractPhase,
): void {
  const stages = Map.groupBy(
    layers,
    ({ form }) => form === "raw" ? options.phase ?? "extract" : "extract",
  );
  for (const [phase, planned] of stages) {
    reportPlan(phase, planned.map(({ descriptor }) => descriptor), options);
  }
}

/** Where layers come from, and the size of all of them in bytes. */
interface LayerSource {
  readonly store: ContentStore;
  readonly total: number;
}

async function extractRaw(
  extraction: Extraction,
  from: LayerSource,
  { descriptor, path }: RawLayer,
  options: ExtractModelOptions & ExtractPhase & { readonly unchanged: ReadonlySet<string> },
): Promise<LayerOutcome> {
  const { size } = descriptor;
  const { phase = "extract" } = options;
  if (options.unchanged.has(path)) {
    extraction.keep(path);
    reportSkipped({ id: path, phase, name: path, size }, options);
    return { written: 0, unchanged: 1, bytes: 0 };
  }
  const { mode, mtime } = layerFileMetadata(descriptor.annotations) ?? {};
  await extraction.writeFile(path, verifiedContent(from, descriptor, options), {
    size,
    phase,
    mode,
    mtime: mtime === undefined ? undefined : parseTime(mtime),
  });
  return { written: 1, unchanged: 0, bytes: size };
}

/**
 * The content of a layer: a small one whose bytes are at hand is read at once, a large one writes
 * itself where its store can do that.
 */
function verifiedContent(
  { store, total }: LayerSource,
  descriptor: Descriptor,
  options: OperationOptions,
): FileContent {
  if (descriptor.size <= DOCUMENT_SIZE && capability(store, "read") !== undefined) {
    return async () => [await readContent(store, descriptor, operationOptions(options))];
  }
  const open = () => openVerified(store, descriptor, options);
  const writesItself = capability(store, "toFile") !== undefined;
  if (!writesItself || descriptor.size < WORTH_A_WORKER) return open;
  return {
    open,
    key: digestHex(descriptor.digest),
    receive: async ({ path, ...place }) => {
      await transferToFile(storeSource(store, descriptor, total), path, {
        ...operationOptions(options),
        ...place,
        what: `${descriptor.digest} of ${store.name}`,
        check: digestCheck(descriptor.digest),
        flush: false,
      });
    },
  };
}

async function extractTar(
  extraction: Extraction,
  store: ContentStore,
  { descriptor }: TarLayer,
  options: ExtractModelOptions,
): Promise<LayerOutcome> {
  const packed = await openVerified(store, descriptor, options);
  const { files, unchanged, ...left } = await extraction.extractTar(
    unpacked(packed, descriptor, options),
    { ...archiveOptions(descriptor, options), compare: { overwrite: options.overwrite } },
  );
  const bytes = files.reduce((total, file) => total + file.size, 0);
  return { written: files.length, unchanged, bytes, left };
}
