/**
 * The model operations over one local store and the registries that references name. What only one
 * operation needs is imported when it is called: `list` starts without what packs and unpacks.
 * @module
 */
import { isDigest } from "../core/digest.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { Connect } from "../oci/connect.ts";
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
import { resolveNamed, withNearTags } from "../oci/tags/near.ts";
import type { ContentStore } from "../oci/store.ts";
import type { BuiltModel } from "./build.ts";
import type { StoredLayer } from "./layers.ts";
import { readModel, readModelAt } from "./model_manifest.ts";
import type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  ExtractModelOptions,
  ExtractResult,
  FetchOptions,
  FetchResult,
  LayerReport,
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
  VerifyOptions,
  VerifyResult,
} from "./operations.ts";
import type { DigestCache } from "../work/digest_cache.ts";
import { ModelReading, type OpenCatalog, repairable } from "./reading.ts";
import { copyModel, type FoundModel, ModelStores } from "./stores.ts";
import { buildTargets } from "./targets.ts";

/** What a backend works on. */
export interface ModelBackendOptions {
  /** The local store. */
  readonly catalog: LocalCatalog;
  /** Opens a repository of a registry. */
  readonly connect: Connect;
  /** Opens a registry seen as a catalog; without it no repositories are listed. */
  readonly registryCatalog?: OpenCatalog;
  /** File that remembers digests of files between builds; none are remembered without it. */
  readonly digestCache?: string;
  /** The clock, in milliseconds since the epoch; the system's when absent. */
  readonly now?: () => number;
}

/** Makes a backend over a local store. */
export function createModelBackend(options: ModelBackendOptions): ModelBackend {
  return new LocalModelBackend(options);
}

class LocalModelBackend extends ModelReading implements ModelBackend {
  readonly #catalog: LocalCatalog;
  readonly #stores: ModelStores;
  readonly #digestCache: string | undefined;
  readonly #now: () => number;

  constructor(options: ModelBackendOptions) {
    const stores = new ModelStores(options.catalog, options.connect);
    super(options.catalog, stores, options.registryCatalog);
    this.#catalog = options.catalog;
    this.#stores = stores;
    this.#digestCache = options.digestCache;
    this.#now = options.now ?? Date.now;
  }

  async build(workspace: string, options: BuildOptions): Promise<BuildResult> {
    const targets = buildTargets(options.targets);
    const { buildModel, planBuild } = await import("./build.ts");
    const plan = await planBuild(workspace, options);
    await using _lock = options.outputRemote ? undefined : await this.#catalog.deferPrune(options);
    const open = this.#stores.output(options);
    const store = await open(targets[0]);
    const tag = referenceTarget(targets[0]);
    const built = await this.#withDigests(
      options,
      (digests) => buildModel(store, plan, { ...options, tag, now: this.#now(), digests }),
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
    if (options.digestCache === false || this.#digestCache === undefined) {
      return await work(undefined);
    }
    const { DigestCache } = await import("../work/digest_cache.ts");
    const digests = await DigestCache.open(this.#digestCache)
      .catch((error) => explainCache("read", error, options));
    const result = await work(digests);
    await digests?.save().catch((error) => explainCache("write", error, options));
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
    const extracted = await this.extract(target, { ...options, output: options.extractDir });
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
    await using _lock = await this.#catalog.deferPrune(options);
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
    const { extractModel } = await import("./extract_model.ts");
    const extracted = await extractModel(remote, manifest, {
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

  async extract(target: string, options: ExtractModelOptions): Promise<ExtractResult> {
    const reference = parseReference(target);
    const local = this.#stores.local(reference);
    const { extractModel } = await import("./extract_model.ts");
    return await repairable(reference, async () => {
      const { manifest } = await readModel(local, referenceTarget(reference), options);
      return await extractModel(local, manifest, options);
    });
  }

  async attach(file: string, options: AttachOptions): Promise<AttachResult> {
    const from = parseReference(options.source);
    const to = buildTargets([options.target])[0];
    const open = this.#stores.output(options);
    const { attachFile } = await import("./attach.ts");
    await using _lock = options.outputRemote ? undefined : await this.#catalog.deferPrune(options);
    const attach = async () => {
      const asked = { ...options, now: this.#now() };
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
    const { fetchFiles } = await import("./fetch.ts");
    const fetched = await fetchFiles(remote, referenceTarget(reference), options);
    return { ...fetched, reference: formatReference(reference) };
  }

  async tag(source: string, target: string, options: RemoteOptions = {}): Promise<void> {
    const from = parseReference(source);
    const to = buildTargets([target])[0];
    const descriptor = await repairable(from, () => this.#stores.findLocal(from, options));
    if (!descriptor) return await this.#tagRemote(from, to, options);
    await using _lock = await this.#catalog.deferPrune(options);
    const [local, named] = [this.#stores.local(from), this.#stores.local(to)];
    await repairable(from, () => this.#retag(local, named, descriptor, to, options));
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
    options: RemoteOptions,
  ): Promise<void> {
    const tag = referenceTarget(reference);
    if (from.name !== to.name) await copyModel(from, to, descriptor, { ...options, tag });
    else await to.tag(descriptor, tag, operationOptions(options));
  }

  async remove(target: string, options: OperationOptions = {}): Promise<RemoveResult> {
    const reference = parseReference(target);
    const local = this.#stores.local(reference);
    const name = referenceTarget(reference);
    if (isDigest(name)) await local.delete(await local.resolve(name, options), options);
    else {
      await local.untag(name, options).catch(async (error) => {
        throw await withNearTags(error, local, name, options);
      });
    }
    return { removed: formatReference(reference) };
  }

  async prune(options: PruneOptions = {}): Promise<PruneResult> {
    return { dryRun: options.dryRun ?? false, ...await this.#catalog.prune(options) };
  }

  async verify(options: VerifyOptions): Promise<VerifyResult> {
    const { verifyModels } = await import("./verify.ts");
    return await verifyModels(this.#catalog, this.#stores, options);
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
