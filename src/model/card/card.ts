/**
 * The card of a model: which one it is, what it may be used for, and what it needs.
 * @module
 */
import { isDigest } from "../../core/digest.ts";
import { ModelOpsError } from "../../core/errors.ts";
import type { OperationOptions } from "../../core/operation.ts";
import { capability, type EarlierName } from "../../oci/capabilities.ts";
import type { ContentStore } from "../../oci/store.ts";
import { kindOfTypes } from "../artifact_kind.ts";
import type { ModelConfig } from "../config.ts";
import { firstKnown, type ModelFacts } from "../facts/facts.ts";
import { parseParamSize } from "../facts/param_size.ts";
import { ReadBudget, type ReadLimits, type Reads } from "../facts/read_budget.ts";
import { readFacts } from "../facts/read_facts.ts";
import { LAYER_KINDS, layerPath, parseLayerMediaType } from "../media_types.ts";
import { artifactSize, readModel, readModelConfig, type StoredModel } from "../model_manifest.ts";
import { layerFiles } from "./layer_files.ts";
import type { CardFile, CardPart, CardReferrer, ModelCard } from "./shape.ts";

/** How to read a card. */
export interface CardOptions extends OperationOptions {
  /** Whether the store is far away: then little is read of it. */
  readonly isFar?: boolean;
  /** Whether only the tensors are wanted: far away no reads are spent on documents. */
  readonly onlyTensors?: boolean;
  /** Whether all headers are read, however many reads it takes. */
  readonly allHeaders?: boolean;
  /** What bounds the reads of files; a store that is far away has a bound of its own. */
  readonly reads?: Reads;
}

/**
 * What is read of the files of a model that is far away: with manifest, configuration and referrers
 * it makes twelve requests and 1 MiB.
 */
const FAR_LIMITS: ReadLimits = { requests: 8, bytes: 960 * 1024 };

/** What is read where all headers are wanted: those of GGUF files have their vocabulary. */
const HEADER_LIMITS: ReadLimits = { requests: 4096, bytes: 64 * 1024 * 1024 };

/**
 * Reads the card of the model that a tag or a digest of a repository names.
 * @throws {NotFoundError} when there is none.
 * @throws {UnsupportedError} saying what it is when it is no model.
 */
export async function readCard(
  store: ContentStore,
  target: string,
  options: CardOptions = {},
): Promise<ModelCard> {
  const card = await cardOf(store, await readModel(store, target, options), options);
  return { ...card, earlier: await earlierOf(store, target, options) };
}

/** What a tag named before; `undefined` for nothing, a digest, and where no store keeps it. */
export async function earlierOf(
  store: ContentStore,
  target: string,
  options: OperationOptions,
): Promise<readonly EarlierName[] | undefined> {
  const found = isDigest(target) ? [] : await capability(store, "earlier")?.(target, options);
  return found?.length ? found : undefined;
}

/** Reads the card of a model whose manifest was read. */
export async function cardOf(
  store: ContentStore,
  model: StoredModel,
  options: CardOptions = {},
): Promise<ModelCard> {
  const { descriptor, manifest } = model;
  const { config, warnings } = await configOf(store, manifest, options);
  const documents = manifest.bytes.byteLength + (manifest.config?.size ?? 0);
  const limits = options.allHeaders ? HEADER_LIMITS : FAR_LIMITS;
  const { signal, isFar, onlyTensors } = options;
  const budget = isFar
    ? new ReadBudget({ ...limits, bytes: Math.max(0, limits.bytes - documents) })
    : undefined;
  const reads = budget ?? options.reads;
  const known = await layerFiles(store, manifest.layers, { signal, isFar, reads, onlyTensors });
  const report = await readFacts(known.files, { signal, budget, onlyTensors });
  const files = manifest.layers.map(({ annotations, mediaType, digest, size }) => ({
    path: layerPath(annotations) ?? "",
    kind: parseLayerMediaType(mediaType)?.kind,
    mediaType,
    digest,
    size,
  }));
  const { descriptor: described, config: execution } = config;
  const referrers = await referrersOf(store, model, options);
  return {
    digest: descriptor.digest,
    configDigest: manifest.config?.digest,
    size: artifactSize(descriptor, manifest),
    createdAt: described.createdAt,
    facts: joinedFacts(config, report.facts),
    source: {
      authors: described.authors,
      vendor: described.vendor,
      version: described.version,
      revision: described.revision,
      url: described.sourceURL,
      documentation: described.docURL,
      description: described.description,
    },
    capabilities: execution.capabilities ?? {},
    parts: partsOf(files),
    files,
    tensors: report.tensors,
    referrers: referrers.found,
    unread: [...known.unread, ...report.unread],
    unreadTensors: report.unreadTensors,
    unlisted: [...known.unlisted, ...report.unlisted],
    warnings: [...warnings, ...known.warnings, ...report.warnings, ...referrers.warnings],
  };
}

/**
 * What the configuration says. Where the reads are bounded it is for somebody who did not make the
 * model: then one that is broken, or not here, says nothing, as it is with any other file.
 */
async function configOf(
  store: ContentStore,
  manifest: StoredModel["manifest"],
  options: CardOptions,
): Promise<{ readonly config: ModelConfig; readonly warnings: readonly string[] }> {
  try {
    return { config: await readModelConfig(store, manifest, options), warnings: [] };
  } catch (error) {
    if (options.reads === undefined || !(error instanceof ModelOpsError)) throw error;
    const config: ModelConfig = {
      descriptor: {},
      modelfs: { type: "layers", diffIds: [] },
      config: {},
    };
    return { config, warnings: [`The configuration tells nothing: ${error.message}`] };
  }
}

/** The facts with what the configuration says; it is the word of whoever packaged the model. */
function joinedFacts({ descriptor, config }: ModelConfig, facts: ModelFacts): ModelFacts {
  const said = config.paramSize === undefined ? undefined : parseParamSize(config.paramSize);
  return firstKnown<ModelFacts>({
    name: descriptor.name,
    family: descriptor.family,
    license: descriptor.licenses?.join(" AND "),
    architecture: config.architecture,
    format: config.format,
    precision: config.precision,
    quantization: config.quantization,
    // The count of the weights is exact, where that of the configuration was rounded.
    paramCount: facts.paramCount ?? said,
    paramCountIsEstimate: facts.paramCountIsEstimate,
    datasets: facts.datasets ?? descriptor.datasetsURL,
    languages: facts.languages ?? config.capabilities?.languages,
  }, facts);
}

function partsOf(files: readonly CardFile[]): CardPart[] {
  const groups = Map.groupBy(files, ({ kind }) => kind ?? "other");
  return ["model" as const, ...LAYER_KINDS, "other" as const].filter((kind, index, all) =>
    all.indexOf(kind) === index
  ).flatMap((kind) => {
    const group = groups.get(kind);
    if (group === undefined) return [];
    const size = group.reduce((sum, file) => sum + file.size, 0);
    return [{ kind, files: group.length, size }];
  });
}

/** The most referrers that are told of. */
const MOST_REFERRERS = 100;

/**
 * What refers to a model. Only its registry knows that: where it is out of reach, or does not say
 * it, a mirror has the model all the same.
 */
async function referrersOf(
  store: ContentStore,
  { descriptor }: StoredModel,
  { signal }: OperationOptions,
): Promise<{ readonly found: readonly CardReferrer[]; readonly warnings: readonly string[] }> {
  const found: CardReferrer[] = [];
  const list = capability(store, "referrers");
  try {
    for await (const { digest, artifactType } of list?.(descriptor, { signal }) ?? []) {
      const kind = kindOfTypes(artifactType === undefined ? [] : [artifactType]).name;
      found.push({ digest, kind, artifactType });
      if (found.length === MOST_REFERRERS) break;
    }
  } catch (error) {
    if (!(error instanceof ModelOpsError)) throw error;
    return { found, warnings: [`Not all that refers to the model is known: ${error.message}`] };
  }
  return { found, warnings: [] };
}
