/**
 * The operations that move models between the local store, registries and folders. What only one of
 * them needs is imported when it is called.
 * @module
 */
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { CopyReport } from "../oci/copy_graph.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { LocalCatalog } from "../oci/disk_catalog.ts";
import {
  formatReference,
  parseReference,
  type Reference,
  referenceTarget,
  repositoryName,
} from "../oci/reference.ts";
import { resolveNamed } from "../oci/tags/near.ts";
import type { ContentStore, GiveTagOptions } from "../oci/store.ts";
import type { BuiltModel } from "./build/shape.ts";
import type { StoredLayer } from "./layers.ts";
import type { WriteFiles } from "./extraction/extract.ts";
import { readModel, readModelAt } from "./model_manifest.ts";
import type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  ExtractedModel,
  ExtractModelOptions,
  FetchOptions,
  FetchResult,
  LayerReport,
  PullOptions,
  PullResult,
  RehearsedModels,
  RemoteOptions,
  TransferResult,
  UploadOptions,
  UploadResult,
} from "./operations.ts";
import type { DigestCache } from "../work/digest_cache.ts";
import { ModelReading, type OpenCatalog, repairable } from "./reading.ts";
import { copyModel, type FoundModel, ModelStores } from "./stores.ts";
import { buildTargets } from "./targets.ts";

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
  readonly #options: MovingOptions;

  /** Moves between these; nothing is opened before it is asked for. */
  constructor(options: MovingOptions) {
    super(options.catalog, options.stores, options.registryCatalog);
    this.#stores = options.stores;
    this.#options = options;
  }

  async build(workspace: string, options: BuildOptions): Promise<BuildResult> {
    const targets = buildTargets(options.targets);
    const { planBuild } = await import("./build/plan.ts");
    const { buildModel } = await import("./build/build.ts");
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

  /** Does what hashes files, with what is known of them from earlier, and keeps what it learns. */
  async #withDigests<Result>(
    options: OperationOptions & Pick<BuildOptions, "digestCache">,
    work: (digests: DigestCache | undefined) => Promise<Result>,
  ): Promise<Result> {
    const { digestCache, learns } = this.#options;
    if (options.digestCache === false || digestCache === undefined) return await work(undefined);
    const { DigestCache } = await import("../work/digest_cache.ts");
    const digests = await DigestCache.open(digestCache)
      .catch((error) => explainCache("read", error, options));
    const result = await work(digests);
    if (learns) await digests?.save().catch((error) => explainCache("write", error, options));
    return result;
  }

  /** Gives a build another name, in another repository if that is where the name is. */
  async #publish(
    from: ContentStore,
    to: ContentStore,
    built: BuiltModel,
    target: Reference,
    options: BuildOptions,
  ): Promise<void> {
    const tag = referenceTarget(target);
    if (from.name !== to.name) {
      const { copyGraph } = await import("../oci/copy_graph.ts");
      await copyGraph(from, to, built.descriptor, { ...options, tag });
    } else await to.tag(built.descriptor, tag, operationOptions(options));
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
    return transfer(reference, descriptor, report);
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
    return transfer(reference, descriptor, { copied: 0, skipped: 1, bytes: 0 });
  }

  async pull(target: string, options: PullOptions = {}): Promise<PullResult> {
    const reference = parseReference(target);
    if (options.extractDir !== undefined && options.extractFromRemote) {
      return await this.#pullFiles(reference, options.extractDir, options);
    }
    if (options.extractDir === undefined) return await this.#pullArtifact(reference, options);
    const pulled = await this.#pullModel(reference, options);
    const { reference: _name, digest: _digest, ...extracted } = await this.extract(target, {
      ...options,
      output: options.extractDir,
    });
    return { ...pulled, extracted };
  }

  /** Pulls what is to be extracted: nothing is received that is no model. */
  async #pullModel(reference: Reference, options: PullOptions): Promise<PullResult> {
    const { store, descriptor, from } = await this.#stores.findToExtract(reference, options);
    const target = referenceTarget(reference);
    await readModelAt(store, descriptor, { ...operationOptions(options), target });
    if (from === undefined) {
      return await this.#keepPulled(reference, { store, descriptor }, options);
    }
    return { ...transfer(reference, descriptor, { copied: 0, skipped: 1, bytes: 0 }), from };
  }

  async #pullArtifact(reference: Reference, options: PullOptions): Promise<PullResult> {
    const found = await this.#stores.findRemote(reference, options);
    return await this.#keepPulled(reference, found, options);
  }

  async #keepPulled(
    reference: Reference,
    { store, descriptor }: FoundModel,
    options: PullOptions,
  ): Promise<PullResult> {
    const local = this.#stores.local(reference);
    await using _lock = await this.#stores.deferPrune(options);
    const report = await copyModel(store, local, descriptor, { ...options, phase: "download" });
    if (reference.tag) {
      await local.tag(descriptor, reference.tag, operationOptions(options));
      await local.notePulled(reference.tag);
    }
    return transfer(reference, descriptor, report);
  }

  async #pullFiles(
    reference: Reference,
    output: string,
    options: PullOptions,
  ): Promise<PullResult> {
    const remote = await this.#stores.remote(reference, options);
    const { descriptor, manifest } = await readModel(remote, referenceTarget(reference), options);
    const extracted = await this.#options.writeFiles(remote, manifest, {
      ...options,
      output,
      phase: "download",
    });
    const report = {
      copied: extracted.written,
      skipped: extracted.unchanged,
      bytes: extracted.bytes,
    };
    return { ...transfer(reference, descriptor, report), extracted };
  }

  async extract(target: string, options: ExtractModelOptions): Promise<ExtractedModel> {
    const reference = parseReference(target);
    const local = this.#stores.local(reference);
    return await repairable(reference, async () => {
      const found = await readModel(local, referenceTarget(reference), options);
      const extracted = await this.#options.writeFiles(local, found.manifest, options);
      const { digest } = found.descriptor;
      return { reference: formatReference(reference), digest, ...extracted };
    });
  }

  async attach(file: string, options: AttachOptions): Promise<AttachResult> {
    const from = parseReference(options.source);
    const to = buildTargets([options.target])[0];
    const open = this.#stores.output(options);
    const { attachFile } = await import("./attach.ts");
    await using _lock = options.outputRemote ? undefined : await this.#stores.deferPrune(options);
    const attach = async () => {
      const asked = { ...options, now: this.#options.now() };
      const attached = await attachFile(await open(from), referenceTarget(from), file, asked);
      const { store, descriptor } = attached;
      const target = await open(to);
      await copyModel(store, target, descriptor, { ...options, phase: "upload" });
      await target.tag(descriptor, referenceTarget(to), operationOptions(options));
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
    const { uploadFile } = await import("./upload.ts");
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
    const { fetchFiles } = await import("./extraction/fetch.ts");
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
    const descriptor = await repairable(from, () => this.#stores.findLocal(from, options));
    if (!descriptor) return await this.#tagRemote(from, to, options);
    await using _lock = await this.#stores.deferPrune(options);
    const [local, named] = [this.#stores.local(from), this.#stores.local(to)];
    const asked = { ...options, namedBy: from.tag };
    await repairable(from, () => this.#retag(local, named, descriptor, to, asked));
  }

  /** The source is not in the local store: the tag is made where the source is. */
  async #tagRemote(from: Reference, to: Reference, options: RemoteOptions): Promise<void> {
    const remote = await this.#stores.remote(from, options);
    const descriptor = await resolveNamed(remote, referenceTarget(from), options);
    await this.#retag(remote, await this.#stores.remote(to, options), descriptor, to, options);
    options.log?.("info", `Tagged ${formatReference(to)} in the registry`);
  }

  async #retag(
    from: ContentStore,
    to: ContentStore,
    descriptor: Descriptor,
    reference: Reference,
    { namedBy, ...options }: RemoteOptions & Pick<GiveTagOptions, "namedBy">,
  ): Promise<void> {
    const tag = referenceTarget(reference);
    if (from.name !== to.name) await copyModel(from, to, descriptor, { ...options, tag });
    else await to.tag(descriptor, tag, { ...operationOptions(options), namedBy });
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

function transfer(
  reference: Reference,
  descriptor: Descriptor,
  report: CopyReport,
): TransferResult {
  return { reference: formatReference(reference), digest: descriptor.digest, ...report };
}

/** A cache that cannot be used costs time, and nothing else. */
function explainCache(action: string, error: unknown, { log }: OperationOptions): undefined {
  log?.("info", `Cannot ${action} the digests of files: every file is hashed`, { error });
}
