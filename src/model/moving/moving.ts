/**
 * The operations that move models between the local store, registries and folders. What only one of
 * them needs is imported when it is called.
 * @module
 */
import type { OperationOptions } from "../../core/operation.ts";
import type { LocalCatalog } from "../../oci/disk_catalog.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  referenceTarget,
  repositoryName,
} from "../../oci/reference.ts";
import type { ContentStore } from "../../oci/store.ts";
import type { BuiltModel } from "../build/shape.ts";
import type { StoredLayer } from "../layers.ts";
import type { WriteFiles } from "../extraction/extract.ts";
import type { RehearsedModels } from "../operations.ts";
import type {
  ExtractedModel,
  ExtractModelOptions,
  FetchOptions,
  FetchResult,
  PullOptions,
  PullResult,
  RemoteOptions,
  TransferResult,
} from "../operations/moving.ts";
import type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  LayerReport,
  UploadOptions,
  UploadResult,
} from "../operations/packaging.ts";
import type { DigestCache } from "../../work/digest_cache.ts";
import { ModelPulling } from "./pulling.ts";
import { ModelReading, type OpenCatalog, repairable } from "../reading.ts";
import { copyModel, type ModelStores, transferResult } from "../stores.ts";
import { giveName, tagModel } from "./tagging.ts";
import { buildTargets } from "../targets.ts";

/** What operations that move models work with. */
export interface MovingOptions {
  /** The local store, to be listed. */
  readonly catalog: LocalCatalog;
  /** Where models are. */
  readonly stores: ModelStores;
  /** Opens a registry seen as a catalog; without it no repositories are listed. */
  readonly registryCatalog?: OpenCatalog;
  /** What writes files into folders. */
  readonly writeFiles: WriteFiles;
  /** File that remembers digests of files between builds; none are remembered without it. */
  readonly digestCache?: string;
  /** Whether what is learned of files is remembered. */
  readonly learns: boolean;
  /** The clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Moves models, and looks at them. */
export class ModelMoving extends ModelReading implements RehearsedModels {
  readonly #stores: ModelStores;
  readonly #pulling: ModelPulling;
  readonly #options: MovingOptions;

  /** Moves between these; nothing is opened before it is asked for. */
  constructor(options: MovingOptions) {
    super(options.catalog, options.stores, options.registryCatalog);
    this.#stores = options.stores;
    this.#pulling = new ModelPulling(options);
    this.#options = options;
  }

  async build(workspace: string, options: BuildOptions): Promise<BuildResult> {
    const targets = buildTargets(options.targets);
    const { planBuild } = await import("../build/plan.ts");
    const { buildModel } = await import("../build/build.ts");
    const plan = await planBuild(workspace, options);
    await using _lock = options.outputRemote ? undefined : await this.#stores.deferPrune(options);
    const open = this.#stores.output(options);
    const store = await open(targets[0]);
    const tag = referenceTarget(targets[0]);
    const built = await this.#withDigests(
      options,
      (digests) => buildModel(store, plan, { ...options, tag, now: this.#options.now(), digests }),
    );
    for (const target of targets.slice(1)) {
      const renamed = { descriptor: built.descriptor, name: target };
      await giveName(store, await open(target), renamed, options);
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

  /** Does what hashes files, with what is known of them from earlier, and keeps what it learns. */
  async #withDigests<Result>(
    options: OperationOptions & Pick<BuildOptions, "digestCache">,
    work: (digests: DigestCache | undefined) => Promise<Result>,
  ): Promise<Result> {
    const { digestCache, learns } = this.#options;
    if (options.digestCache === false || digestCache === undefined) return await work(undefined);
    const { DigestCache } = await import("../../work/digest_cache.ts");
    const digests = await DigestCache.open(digestCache)
      .catch((error) => explainCache("read", error, options));
    const result = await work(digests);
    if (learns) await digests?.save().catch((error) => explainCache("write", error, options));
    return result;
  }

  async push(name: string, options: RemoteOptions = {}): Promise<TransferResult> {
    const reference = parseReference(name);
    const local = this.#stores.local(reference);
    const target = referenceTarget(reference);
    const remote = await this.#stores.remote(reference, options);
    if (!await local.knows(target)) return await this.#pushed(reference, remote, options);
    const descriptor = await local.resolve(target, options);
    const { tag } = reference;
    const report = await repairable(
      reference,
      () => copyModel(local, remote, descriptor, { ...options, tag, phase: "upload" }),
    );
    return transferResult(reference, descriptor, report);
  }

  /** There is nothing to send from here, but the registry may have the model. */
  async #pushed(
    reference: Reference,
    remote: ContentStore,
    options: RemoteOptions,
  ): Promise<TransferResult> {
    const descriptor = await this.#stores.findPushed(reference, remote, options);
    const name = formatReference(reference);
    options.log?.("warning", `${name} is not in the local store: the registry has it already`);
    return transferResult(reference, descriptor, { copied: 0, skipped: 1, bytes: 0 });
  }

  pull(target: string, options: PullOptions = {}): Promise<PullResult> {
    return this.#pulling.pull(target, options);
  }

  extract(target: string, options: ExtractModelOptions): Promise<ExtractedModel> {
    return this.#pulling.extract(target, options);
  }

  async attach(file: string, options: AttachOptions): Promise<AttachResult> {
    const from = parseReference(options.source);
    const to = buildTargets([options.target])[0];
    const open = this.#stores.output(options);
    const { attachFile } = await import("../attach.ts");
    await using _lock = options.outputRemote ? undefined : await this.#stores.deferPrune(options);
    const attach = async () => {
      const asked = { ...options, now: this.#options.now() };
      const attached = await attachFile(await open(from), referenceTarget(from), file, asked);
      const { store, descriptor } = attached;
      const tag = referenceTarget(to);
      const phase = options.outputRemote ? "upload" : undefined;
      await copyModel(store, await open(to), descriptor, { ...options, phase, tag });
      return attached;
    };
    const { descriptor, layer } =
      await (options.outputRemote ? attach() : repairable(from, attach));
    return {
      reference: formatReference(to),
      digest: descriptor.digest,
      layer: layer && layerReport(layer),
    };
  }

  async upload(file: string, options: UploadOptions): Promise<UploadResult> {
    const { tag: _tag, digest: _digest, ...repository } = parseReference(options.repository);
    const { uploadFile } = await import("../upload.ts");
    const store = await this.#stores.remote(repository, options);
    const layer = await this.#withDigests(
      options,
      (digests) => uploadFile(store, file, { ...options, digests }),
    );
    return { repository: repositoryName(repository), layer: layerReport(layer) };
  }

  async fetch(target: string, options: FetchOptions): Promise<FetchResult> {
    const reference = parseReference(target);
    const remote = await this.#stores.remote(reference, options);
    const { fetchFiles } = await import("../extraction/fetch.ts");
    const fetched = await fetchFiles(
      remote,
      referenceTarget(reference),
      options,
      this.#options.writeFiles,
    );
    return { ...fetched, reference: formatReference(reference) };
  }

  async tag(source: string, target: string, options: RemoteOptions = {}): Promise<void> {
    const from = parseReference(source);
    const to = buildTargets([target])[0];
    await tagModel(this.#stores, from, to, options);
  }
}

function layerReport({ descriptor, path }: StoredLayer): LayerReport {
  const { mediaType, digest, size } = descriptor;
  return { mediaType, digest, size, path };
}

function builtSize(built: BuiltModel): number {
  const layers = built.layers.reduce((sum, layer) => sum + layer.descriptor.size, 0);
  return built.descriptor.size + built.config.size + layers;
}

/** A cache that cannot be used costs time, and nothing else. */
function explainCache(action: string, error: unknown, { log }: OperationOptions): undefined {
  log?.("info", `Cannot ${action} the digests of files: every file is hashed`, { error });
}
