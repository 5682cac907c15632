/**
 * Examines a workspace before anything of it is packaged: Modelfile, files, what they say of the
 * model, where they come from, the size of the manifest.
 * @module
 */
import { EMPTY_DIGEST } from "../../core/digest.ts";
import { explainRead } from "../../core/file_errors.ts";
import { readTextIfExists } from "../../core/files.ts";
import { operationOptions } from "../../core/operation.ts";
import { isAbsolute, resolve } from "../../core/runtime/path.ts";
import { quote } from "../../core/text.ts";
import type { Annotations, Descriptor } from "../../oci/descriptor.ts";
import type { ModelFacts } from "../facts/facts.ts";
import { localFacts } from "../facts/local.ts";
import { checkShards } from "../facts/shards.ts";
import { layerAnnotations, type LayerOptions } from "../layers.ts";
import { FAMILIES, layerMediaType } from "../media_types.ts";
import { checkModelManifest } from "../model_manifest.ts";
import { noFiles } from "../modelfile/check.ts";
import { parseModelfile } from "../modelfile/parser.ts";
import type { Modelfile } from "../modelfile/values.ts";
import { hubSnapshot } from "../source/hub_cache.ts";
import { publicUrl } from "../source/public_url.ts";
import { readSourceInfo } from "../source/source_info.ts";
import { resolveModelfileFiles, type WorkspaceFile } from "../workspace.ts";
import { layerShape, manifestAnnotations, NO_OWNERS } from "./documents.ts";
import type { BuildPlan, PackageOptions } from "./shape.ts";

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
  if (files.length === 0) throw noFiles("package", workspace, warnings);
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
  const { generateModelfile } = await import("../modelfile/generate.ts");
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
  const layers = function* () {
    for (const file of files) {
      const annotations = layerAnnotations(file, layerOptions);
      yield draft(layerMediaType(file.kind, layerOptions), file.size, annotations);
    }
  };
  checkModelManifest({
    family: layerOptions.family,
    config: draft(FAMILIES[layerOptions.family].configType, 0, {}),
    layers: layers(),
    annotations: manifestAnnotations(modelfile, options, 0),
  });
}
