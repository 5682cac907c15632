/**
 * The model operations over one local store and the registries that references name.
 * @module
 */
import { NotFoundError, TransferError } from "../core/errors.ts";
import { isDigest } from "../core/digest.ts";
import { isLoopbackHost } from "../core/hosts.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { Connect } from "../oci/connect.ts";
import { copyGraph, type CopyReport } from "../oci/copy_graph.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { LocalCatalog, LocalRepository } from "../oci/disk_catalog.ts";
import { isManifestType } from "../oci/media_types.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  referenceTarget,
  repositoryName,
} from "../oci/reference.ts";
import { type ContentStore, missing } from "../oci/store.ts";
import { attachFile } from "./attach.ts";
import { buildModel, type BuiltModel, planBuild } from "./build.ts";
import { extractModel } from "./extract_model.ts";
import { fetchFiles } from "./fetch.ts";
import { inspectModel, listModels } from "./inspect.ts";
import { type StoredLayer, storeLayer } from "./layers.ts";
import { layerForm, layerPath } from "./media_types.ts";
import { readModel } from "./model_manifest.ts";
import type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  ExtractModelOptions,
  ExtractResult,
  FetchOptions,
  FetchResult,
  InspectOptions,
  InspectResult,
  LayerReport,
  ListResult,
  ModelBackend,
  PruneOptions,
  PruneResult,
  PullOptions,
  PullResult,
  RemoteOptions,
  RemoveResult,
  TransferResult,
  UploadOptions,
  UploadResult,
} from "./operations.ts";
import { ownerNames } from "./owner_names.ts";
import { singleFile } from "./single_file.ts";
import { buildTargets } from "./targets.ts";

/** What a backend works on. */
export interface ModelBackendOptions {
  /** The local store. */
  readonly catalog: LocalCatalog;
  /** Opens a repository of a registry. */
  readonly connect: Connect;
  /** The clock, in milliseconds since the epoch; the system's when absent. */
  readonly now?: () => number;
}

/** Makes a backend over a local store. */
export function createModelBackend(options: ModelBackendOptions): ModelBackend {
  return new LocalModelBackend(options);
}

class LocalModelBackend implements ModelBackend {
  readonly #catalog: LocalCatalog;
  readonly #connect: Connect;
  readonly #now: () => number;

  constructor(options: ModelBackendOptions) {
    this.#catalog = options.catalog;
    this.#connect = options.connect;
    this.#now = options.now ?? Date.now;
  }

  async build(workspace: string, options: BuildOptions): Promise<BuildResult> {
    const targets = buildTargets(options.targets);
    const plan = await planBuild(workspace, options);
    await using _lock = options.outputRemote ? undefined : await this.#catalog.deferPrune(options);
    const open = (reference: Reference) =>
      options.outputRemote ? this.#connect(reference, options) : this.#local(reference);
    const store = await open(targets[0]);
    const built = await buildModel(store, plan, { ...options, now: this.#now() });
    for (const target of targets) {
      await this.#publish(store, await open(target), built, target, options);
    }
    return {
      references: targets.map(formatReference),
      digest: built.descriptor.digest,
      size: builtSize(built),
      layers: built.layers.map(layerReport),
      modelfile: plan.modelfilePath,
      warnings: plan.warnings,
    };
  }

  /** Gives a build one of its names, in another repository if that is where the name is. */
  async #publish(
    from: ContentStore,
    to: ContentStore,
    built: BuiltModel,
    target: Reference,
    options: BuildOptions,
  ): Promise<void> {
    if (from.name !== to.name) await copyGraph(from, to, built.descriptor, options);
    await to.tag(built.descriptor, referenceTarget(target), operationOptions(options));
  }

  async push(name: string, options: RemoteOptions = {}): Promise<TransferResult> {
    const reference = parseReference(name);
    const local = this.#local(reference);
    const target = referenceTarget(reference);
    const remote = await this.#connect(reference, options);
    if (!await local.knows(target)) return await this.#pushed(reference, remote, options);
    const descriptor = await local.resolve(target, options);
    const report = await this.#copy(local, remote, descriptor, { ...options, phase: "upload" });
    if (reference.tag) await remote.tag(descriptor, reference.tag, operationOptions(options));
    return transfer(reference, descriptor, report);
  }

  /** Nothing to send from here; `tag` may have named the model in the registry that has it. */
  async #pushed(
    reference: Reference,
    remote: ContentStore,
    options: RemoteOptions,
  ): Promise<TransferResult> {
    const target = referenceTarget(reference);
    let descriptor: Descriptor;
    try {
      descriptor = await remote.resolve(target, options);
    } catch (error) {
      if (!isMissingOrUnreachable(error)) throw error;
      throw missing(this.#local(reference), target);
    }
    const name = formatReference(reference);
    options.log?.("warning", `${name} is not in the local store: the registry has it already`);
    return transfer(reference, descriptor, { copied: 0, skipped: 1, bytes: 0 });
  }

  async pull(target: string, options: PullOptions = {}): Promise<PullResult> {
    const reference = parseReference(target);
    if (options.extractDir !== undefined && options.extractFromRemote) {
      return await this.#pullFiles(reference, options.extractDir, options);
    }
    const pulled = await this.#pullArtifact(reference, options);
    if (options.extractDir === undefined) return pulled;
    const extracted = await this.extract(target, { ...options, output: options.extractDir });
    return { ...pulled, extracted };
  }

  async #pullArtifact(reference: Reference, options: PullOptions): Promise<TransferResult> {
    const local = this.#local(reference);
    const { store, descriptor } = await this.#pullSource(reference, options);
    await using _lock = await this.#catalog.deferPrune(options);
    const report = await this.#copy(store, local, descriptor, { ...options, phase: "download" });
    if (reference.tag) await local.tag(descriptor, reference.tag, operationOptions(options));
    return transfer(reference, descriptor, report);
  }

  /** The registry; or the local store, for a model that was built here and not pushed yet. */
  async #pullSource(
    reference: Reference,
    options: PullOptions,
  ): Promise<{ store: ContentStore; descriptor: Descriptor }> {
    const target = referenceTarget(reference);
    const remote = await this.#connect(reference, options);
    try {
      return { store: remote, descriptor: await remote.resolve(target, options) };
    } catch (error) {
      // A registry of this machine need not run all the time.
      const mayBeLocal = error instanceof NotFoundError ||
        isLoopbackHost(reference.registry) && isMissingOrUnreachable(error);
      if (!mayBeLocal) throw error;
      const local = this.#local(reference);
      const descriptor = await resolveIfPresent(local, target, options);
      if (!descriptor) throw error;
      const name = formatReference(reference);
      const why = error instanceof NotFoundError ? "does not have" : "could not be asked for";
      options.log?.("warning", `The registry ${why} ${name}: using the local store's`);
      return { store: local, descriptor };
    }
  }

  async #pullFiles(
    reference: Reference,
    output: string,
    options: PullOptions,
  ): Promise<PullResult> {
    const remote = await this.#connect(reference, options);
    const { descriptor, manifest } = await readModel(remote, referenceTarget(reference), options);
    const extracted = await extractModel(remote, manifest, { ...options, output });
    const report = {
      copied: extracted.written,
      skipped: extracted.unchanged,
      bytes: extracted.bytes,
    };
    return { ...transfer(reference, descriptor, report), extracted };
  }

  async extract(target: string, options: ExtractModelOptions): Promise<ExtractResult> {
    const reference = parseReference(target);
    const local = this.#local(reference);
    const { manifest } = await readModel(local, referenceTarget(reference), options);
    return await extractModel(local, manifest, options);
  }

  async attach(file: string, options: AttachOptions): Promise<AttachResult> {
    const from = parseReference(options.source);
    const to = buildTargets([options.target])[0];
    const open = (reference: Reference) =>
      options.outputRemote ? this.#connect(reference, options) : this.#local(reference);
    await using _lock = options.outputRemote ? undefined : await this.#catalog.deferPrune(options);
    const { store, descriptor, layer } = await attachFile(
      await open(from),
      referenceTarget(from),
      file,
      { ...options, now: this.#now() },
    );
    const target = await open(to);
    await this.#copy(store, target, descriptor, { ...options, phase: "upload" });
    await target.tag(descriptor, referenceTarget(to), operationOptions(options));
    return {
      reference: formatReference(to),
      digest: descriptor.digest,
      layer: layer && layerReport(layer),
    };
  }

  async upload(file: string, options: UploadOptions): Promise<UploadResult> {
    const { tag: _tag, digest: _digest, ...repository } = parseReference(options.repository);
    const layer = await storeLayer(
      await this.#connect(repository, options),
      await singleFile(file, options),
      {
        ...operationOptions(options),
        family: "cncf",
        form: layerForm(options),
        owners: await ownerNames(),
      },
    );
    return { repository: repositoryName(repository), layer: layerReport(layer) };
  }

  async fetch(target: string, options: FetchOptions): Promise<FetchResult> {
    const reference = parseReference(target);
    const remote = await this.#connect(reference, options);
    const fetched = await fetchFiles(remote, referenceTarget(reference), options);
    return { ...fetched, reference: formatReference(reference) };
  }

  async list(options: OperationOptions = {}): Promise<ListResult> {
    return await listModels(this.#catalog, options);
  }

  async inspect(target: string, options: InspectOptions = {}): Promise<InspectResult> {
    const reference = parseReference(target);
    const store = options.remote ? await this.#connect(reference, options) : this.#local(reference);
    return await inspectModel(store, referenceTarget(reference), options);
  }

  async tag(source: string, target: string, options: RemoteOptions = {}): Promise<void> {
    const from = parseReference(source);
    const to = buildTargets([target])[0];
    const local = this.#local(from);
    const descriptor = await resolveIfPresent(local, referenceTarget(from), options);
    if (!descriptor) return await this.#tagRemote(from, to, options);
    await using _lock = await this.#catalog.deferPrune(options);
    await this.#retag(local, this.#local(to), descriptor, to, options);
  }

  /** The source is not in the local store: the tag is made where the source is. */
  async #tagRemote(from: Reference, to: Reference, options: RemoteOptions): Promise<void> {
    const remote = await this.#connect(from, options);
    const descriptor = await remote.resolve(referenceTarget(from), options);
    await this.#retag(remote, await this.#connect(to, options), descriptor, to, options);
    options.log?.("info", `Tagged ${formatReference(to)} in the registry`);
  }

  async #retag(
    from: ContentStore,
    to: ContentStore,
    descriptor: Descriptor,
    reference: Reference,
    options: RemoteOptions,
  ): Promise<void> {
    if (from.name !== to.name) await this.#copy(from, to, descriptor, options);
    await to.tag(descriptor, referenceTarget(reference), operationOptions(options));
  }

  async remove(target: string, options: OperationOptions = {}): Promise<RemoveResult> {
    const reference = parseReference(target);
    const local = this.#local(reference);
    const name = referenceTarget(reference);
    if (isDigest(name)) await local.delete(await local.resolve(name, options), options);
    else await local.untag(name, options);
    return { removed: formatReference(reference) };
  }

  async prune(options: PruneOptions = {}): Promise<PruneResult> {
    return { dryRun: options.dryRun ?? false, ...await this.#catalog.prune(options) };
  }

  #local(reference: Reference): LocalRepository {
    return this.#catalog.repository(repositoryName(reference));
  }

  async #copy(
    from: ContentStore,
    to: ContentStore,
    descriptor: Descriptor,
    options: RemoteOptions & { readonly phase?: "upload" | "download" },
  ): Promise<CopyReport> {
    const { phase, concurrency } = options;
    return await copyGraph(from, to, descriptor, {
      ...operationOptions(options),
      phase,
      concurrency,
      describe: contentName,
    });
  }
}

function layerReport({ descriptor, path }: StoredLayer): LayerReport {
  const { mediaType, digest, size } = descriptor;
  return { mediaType, digest, size, path };
}

/** What a person calls a piece of a model: the path of its file, or what it is. */
function contentName(descriptor: Descriptor): string | undefined {
  if (isManifestType(descriptor.mediaType)) return "manifest";
  return layerPath(descriptor.annotations) ??
    (descriptor.mediaType.includes(".config.v1+json") ? "config" : undefined);
}

function builtSize(built: BuiltModel): number {
  const layers = built.layers.reduce((sum, layer) => sum + layer.descriptor.size, 0);
  return built.descriptor.size + built.config.size + layers;
}

function transfer(
  reference: Reference,
  descriptor: Descriptor,
  report: CopyReport,
): TransferResult {
  return { reference: formatReference(reference), digest: descriptor.digest, ...report };
}

/** Whether a registry does not have something, or no registry answered at all. */
function isMissingOrUnreachable(error: unknown): boolean {
  return error instanceof NotFoundError ||
    error instanceof TransferError && error.facts.status === undefined;
}

/** The descriptor that a tag or digest names, or `undefined` when the store has none. */
async function resolveIfPresent(
  store: ContentStore,
  target: string,
  options: OperationOptions,
): Promise<Descriptor | undefined> {
  try {
    return await store.resolve(target, options);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
