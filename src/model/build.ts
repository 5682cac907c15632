/**
 * Packages a workspace folder as a model.
 *
 * Everything that can be wrong is looked for first: targets, Modelfile, files, the size of the
 * manifest. Only then is the first byte moved.
 * @module
 */
import { isAbsolute, resolve } from "../core/runtime/path.ts";
import { mapConcurrent } from "../core/concurrency.ts";
import { type Digest, EMPTY_DIGEST } from "../core/digest.ts";
import { readTextIfExists } from "../core/files.ts";
import { InvalidInputError } from "../core/errors.ts";
import { operationOptions } from "../core/operation.ts";
import { bytesSource } from "../core/content/source.ts";
import { explainRead } from "../core/file_errors.ts";
import { quote } from "../core/text.ts";
import { type Annotations, describeDocument, type Descriptor } from "../oci/descriptor.ts";
import { MediaType } from "../oci/media_types.ts";
import { type ContentStore, writeTagged } from "../oci/store.ts";
import { encodeConfig, type ModelConfig } from "./config.ts";
import { checkConfig } from "./config_schema.ts";
import { formatTime, recordedTime } from "./file_metadata.ts";
import type { ModelFacts } from "./facts/facts.ts";
import { describedFacts, localFacts } from "./facts/local.ts";
import { checkShards } from "./facts/shards.ts";
import {
  layerAnnotations,
  type LayerOptions,
  planLayers,
  type StoredLayer,
  storeLayer,
} from "./layers.ts";
import { FAMILIES, layerForm, layerMediaType } from "./media_types.ts";
import { encodeModelManifest, PLATFORMS_ANNOTATION } from "./model_manifest.ts";
import type { Modelfile } from "./modelfile/values.ts";
import { formatModelfile } from "./modelfile/format.ts";
import { parseModelfile } from "./modelfile/parser.ts";
import type { BuildOptions } from "./operations.ts";
import { ownerNames } from "./owner_names.ts";
import { hasCredentials, withoutCredentials } from "./source/git_config.ts";
import { hubSnapshot } from "./source/hub_cache.ts";
import { readSourceInfo } from "./source/source_info.ts";
import { resolveModelfileFiles, type WorkspaceFile } from "./workspace.ts";
import type { DigestCache } from "../work/digest_cache.ts";
import { holdWorkers } from "../work/pool.ts";

/** How to build, apart from where to. */
export type PackageOptions = Omit<BuildOptions, "targets" | "outputRemote" | "digestCache">;

/** A workspace that was examined and can be packaged. */
export interface BuildPlan {
  readonly modelfile: Modelfile;
  /** Where the Modelfile was found; absent when it was generated. */
  readonly modelfilePath?: string;
  /** In the order of the layers. */
  readonly files: readonly WorkspaceFile[];
  /** Facts about the source code, as the configuration records them. */
  readonly source: {
    readonly sourceURL?: string;
    readonly revision?: string;
  };
  /** What the files say of the model. */
  readonly facts: ModelFacts;
  readonly warnings: readonly string[];
}

/** An artifact that is in its store. */
export interface BuiltModel {
  /** Descriptor of the manifest. */
  readonly descriptor: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly StoredLayer[];
}

/**
 * Examines a workspace.
 * @throws {InvalidInputError} with every problem that stands in the way of packaging it.
 * @throws {NotFoundError} when the workspace or a Modelfile that was asked for does not exist.
 */
export async function planBuild(workspace: string, options: PackageOptions): Promise<BuildPlan> {
  const found = await findModelfile(workspace, options);
  const { files, warnings } = await resolveModelfileFiles(found.modelfile, workspace, {
    ...operationOptions(options),
    exclude: options.exclude,
    followLinks: options.followLinks,
    portable: options.portable,
  });
  if (files.length === 0) throw noFiles(workspace, warnings);
  await checkShards(files, workspace);
  const source = await sourceFacts(workspace, options);
  checkManifestFits(files, found.modelfile, options);
  const facts = found.facts ?? (await localFacts(files, operationOptions(options))).facts;
  return {
    modelfile: found.modelfile,
    modelfilePath: found.path,
    files,
    source: source.facts,
    facts,
    warnings: [...found.warnings, ...warnings, ...source.warnings],
  };
}

function noFiles(workspace: string, warnings: readonly string[]): InvalidInputError {
  return new InvalidInputError(
    `Cannot package ${
      quote(workspace)
    }: the Modelfile brings no file, and a model has at least one`,
    {
      path: workspace,
      problems: warnings.map((message) => ({ message })),
      remedy: `add a line such as: MODEL *.safetensors`,
    },
  );
}

interface FoundModelfile {
  readonly modelfile: Modelfile;
  readonly path?: string;
  /** What was read of the files where the Modelfile was generated from them. */
  readonly facts?: ModelFacts;
  readonly warnings: readonly string[];
}

/** Looks in the working directory, then in the workspace; generates one if none was named. */
async function findModelfile(workspace: string, options: PackageOptions): Promise<FoundModelfile> {
  const name = options.modelfile ?? "Modelfile";
  const candidates = isAbsolute(name) ? [name] : [resolve(name), resolve(workspace, name)];
  for (const path of candidates) {
    const text = await readModelfile(path);
    if (text !== undefined) return { modelfile: parseModelfile(text, path), path, warnings: [] };
  }
  if (options.modelfile !== undefined && options.modelfile !== "Modelfile") {
    throw explainRead(name, new Deno.errors.NotFound());
  }
  const { generateModelfile } = await import("./modelfile/generate.ts");
  const { modelfile, facts, warnings } = await generateModelfile(workspace, {
    ...operationOptions(options),
    ignore: options.exclude,
    followLinks: options.followLinks,
  });
  const notice = `No Modelfile in ${quote(workspace)}: generated one in memory`;
  return { modelfile, facts, warnings: [notice, ...warnings] };
}

async function readModelfile(path: string): Promise<string | undefined> {
  try {
    return await readTextIfExists(path);
  } catch (error) {
    throw explainRead(path, error);
  }
}

async function sourceFacts(
  workspace: string,
  options: PackageOptions,
): Promise<{ facts: BuildPlan["source"]; warnings: readonly string[] }> {
  const { sourceUrl, sourceRevision } = options;
  if (sourceUrl !== undefined) {
    return { facts: { sourceURL: publicUrl(sourceUrl), revision: sourceRevision }, warnings: [] };
  }
  const snapshot = await hubSnapshot(workspace);
  if (snapshot !== undefined) {
    const facts = { sourceURL: snapshot.url, revision: sourceRevision ?? snapshot.revision };
    return { facts, warnings: [] };
  }
  const found = await readSourceInfo(workspace, operationOptions(options));
  const facts = { sourceURL: found.url, revision: sourceRevision ?? found.revision };
  return { facts, warnings: found.warnings };
}

/** A text as anyone may read it: a URL that holds credentials loses them, and its query. */
function publicUrl(text: string): string {
  if (!hasCredentials(text)) return text;
  try {
    return withoutCredentials(text);
  } catch (cause) {
    throw new InvalidInputError(
      "Cannot record a URL that holds credentials: they could not be taken out of it",
      { cause, remedy: "write the URL without user and password" },
    );
  }
}

/** Registries refuse manifests over a limit; a model of too many files fails before it is sent. */
function checkManifestFits(
  files: readonly WorkspaceFile[],
  modelfile: Modelfile,
  options: PackageOptions,
): void {
  const layerOptions: LayerOptions = { ...layerShape(options), owners: NO_OWNERS };
  const draft = (mediaType: string, size: number, annotations: Annotations): Descriptor => ({
    mediaType,
    digest: EMPTY_DIGEST,
    size,
    annotations,
  });
  encodeModelManifest({
    family: layerOptions.family,
    config: draft(FAMILIES[layerOptions.family].configType, 0, {}),
    layers: files.map((file) =>
      draft(
        layerMediaType(file.kind, layerOptions),
        file.size,
        layerAnnotations(file, layerOptions),
      )
    ),
    annotations: manifestAnnotations(modelfile, options, 0),
  });
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const NO_OWNERS = { user: () => "", group: () => "" };

function layerShape(options: PackageOptions): Omit<LayerOptions, "owners"> {
  return {
    family: options.mediaTypes ?? "cncf",
    form: layerForm(options),
    sourceDateEpoch: options.sourceDateEpoch,
  };
}

/**
 * Packages what `plan` found into a store: layers, configuration, manifest, in this order.
 *
 * `now` is the time of the build in milliseconds since the epoch; `SOURCE_DATE_EPOCH` and
 * `noCreationTime` win over it.
 */
export async function buildModel(
  store: ContentStore,
  plan: BuildPlan,
  options: PackageOptions & {
    readonly now: number;
    readonly digests?: DigestCache;
    /** What the artifact is called in the store; it has no name when absent. */
    readonly tag?: string;
  },
): Promise<BuiltModel> {
  const shape = layerShape(options);
  const operation = operationOptions(options);
  const owners = shape.form === "raw" ? NO_OWNERS : await ownerNames();
  const time = recordedTime(options);
  // All but the digests of the layers is known before the first byte is stored.
  makeConfig(plan, plan.files.map(() => EMPTY_DIGEST), options, time);
  const layerOptions = { ...shape, ...operation, owners, digests: options.digests };
  planLayers(store, plan.files, layerOptions);
  using _workers = holdWorkers();
  const layers = await mapConcurrent(
    plan.files,
    (file) => storeLayer(store, file, layerOptions),
    options,
  );
  const diffIds = layers.map(({ diffId }) => diffId);
  const configBytes = makeConfig(plan, diffIds, options, time);
  const config = await describeDocument(FAMILIES[shape.family].configType, configBytes);
  await store.write(config, bytesSource(configBytes), operation);
  const bytes = encodeModelManifest({
    family: shape.family,
    config,
    layers: layers.map((layer) => layer.descriptor),
    annotations: manifestAnnotations(plan.modelfile, options, time),
  });
  const descriptor = await describeDocument(MediaType.imageManifest, bytes);
  const { tag } = options;
  const source = bytesSource(bytes);
  if (tag === undefined) await store.write(descriptor, source, operation);
  else await writeTagged(store, { manifest: descriptor, source, tag }, operation);
  return { descriptor, config, layers };
}

/**
 * The configuration of a model, as its document.
 * @throws {InvalidInputError} when a fact of it is none that the specification allows.
 */
function makeConfig(
  plan: BuildPlan,
  diffIds: readonly Digest[],
  options: PackageOptions,
  time: number,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeConfig(modelConfig(plan, diffIds, options, time));
  const what = "the configuration of the model";
  checkConfig(bytes, plan.files.length, { action: "write", what });
  return bytes;
}

function modelConfig(
  plan: BuildPlan,
  diffIds: readonly Digest[],
  options: PackageOptions,
  time: number,
): ModelConfig {
  const { modelfile } = plan;
  const described = describedFacts(plan.facts);
  return {
    descriptor: {
      ...described.descriptor,
      createdAt: options.noCreationTime ? undefined : formatTime(time),
      family: modelfile.family,
      name: modelfile.name,
      ...plan.source,
    },
    modelfs: { type: "layers", diffIds },
    config: {
      architecture: modelfile.arch,
      format: modelfile.format,
      paramSize: modelfile.paramSize,
      precision: modelfile.precision,
      quantization: modelfile.quantization,
      capabilities: {
        ...described.capabilities,
        ...(options.reasoning ? { reasoning: true } : {}),
      },
    },
  };
}

function manifestAnnotations(
  modelfile: Modelfile,
  options: PackageOptions,
  time: number,
): Annotations {
  const generatedAt = options.noCreationTime ? undefined : formatTime(time);
  const { platforms = [] } = options;
  return {
    [FAMILIES[options.mediaTypes ?? "cncf"].modelfile]: formatModelfile(modelfile, { generatedAt }),
    ...(platforms.length > 0 ? { [PLATFORMS_ANNOTATION]: platforms.join(",") } : {}),
    ...mapValues(options.annotations ?? {}, publicUrl),
  };
}
