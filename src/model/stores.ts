/**
 * Where models are: in the local store and in the registries that references name.
 * @module
 */
import { ifFound, NotFoundError, TransferError } from "../core/errors.ts";
import { isLoopbackHost } from "../core/hosts.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { Connect } from "../oci/connect.ts";
import type { CopyReport } from "../oci/copy_graph.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { LocalRepository } from "../oci/parts/repository.ts";
import { isManifestType } from "../oci/media_types.ts";
import {
  formatReference,
  type Reference,
  referenceTarget,
  repositoryName,
} from "../oci/reference.ts";
import { withNearTags } from "../oci/tags/near.ts";
import { type ContentStore, missing } from "../oci/store.ts";
import { layerPath } from "./media_types.ts";
import type { RemoteOptions, TransferResult } from "./operations/moving.ts";

/** A model, and a store that has it. */
export interface FoundModel {
  readonly store: ContentStore;
  readonly descriptor: Descriptor;
}

/** A repository of the local store, as operations on models use it. */
export type ModelRepository =
  & ContentStore
  & Pick<LocalRepository, "knows" | "notePulled" | "wasPulled">;

/** The local store, as operations on models use it. */
export interface LocalModels {
  /** The repository of that name; it need not exist yet. */
  repository(name: string): ModelRepository;
  /** Keeps prune away, until disposed, while something is built up from several writes. */
  deferPrune(options?: OperationOptions): Promise<AsyncDisposable>;
}

/** One local store, and the registries beside it. */
export class ModelStores {
  readonly #catalog: LocalModels;
  readonly #connect: Connect;

  /** Takes the local store, and what opens a repository of a registry. */
  constructor(catalog: LocalModels, connect: Connect) {
    this.#catalog = catalog;
    this.#connect = connect;
  }

  /** The local repository of a reference. */
  local(reference: Reference): ModelRepository {
    return this.#catalog.repository(repositoryName(reference));
  }

  /** Keeps what is written to the local store from being pruned before it has a name. */
  async deferPrune(options: OperationOptions): Promise<AsyncDisposable> {
    return await this.#catalog.deferPrune(options);
  }

  /** The repository of a reference in its registry. */
  async remote(reference: Reference, options: RemoteOptions): Promise<ContentStore> {
    return await this.#connect(reference, options);
  }

  /** What opens the repositories that an operation writes to: all remote, or all local. */
  output(
    options: RemoteOptions & { readonly outputRemote?: boolean },
  ): (reference: Reference) => Promise<ContentStore> {
    return async (reference) =>
      options.outputRemote ? await this.remote(reference, options) : this.local(reference);
  }

  /** The model in the local store; `undefined` when it is not there. */
  async findLocal(
    reference: Reference,
    options: OperationOptions,
  ): Promise<Descriptor | undefined> {
    return await ifFound(this.local(reference).resolve(referenceTarget(reference), options));
  }

  /**
   * The artifact in the registry.
   * @throws {NotFoundError} when the registry does not have it, whatever lies here.
   */
  async findRemote(reference: Reference, options: RemoteOptions): Promise<FoundModel> {
    const store = await this.remote(reference, options);
    try {
      return { store, descriptor: await store.resolve(referenceTarget(reference), options) };
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      if (!await this.findLocal(reference, options)) {
        throw await withNearTags(error, store, referenceTarget(reference), options);
      }
      const command = `modelops extract ${formatReference(reference)} --output ` +
        `./${reference.repository.split("/").at(-1)}`;
      throw new NotFoundError(error.message, {
        ...error.facts,
        remedy: `for the copy of the local store run \`${command}\``,
        cause: error,
      });
    }
  }

  /**
   * The artifact in the registry; in the local store, when its name was made on this machine and
   * the registry does not have it.
   * @throws {NotFoundError} when neither has it.
   */
  async findToExtract(
    reference: Reference,
    options: RemoteOptions,
  ): Promise<FoundModel & { readonly from?: "local store" }> {
    try {
      return await this.findRemote(reference, options);
    } catch (error) {
      // A registry of this machine need not run all the time.
      const mayBeLocal = error instanceof NotFoundError ||
        isLoopbackHost(reference.registry) && isMissingOrUnreachable(error);
      const descriptor = mayBeLocal ? await this.#findMadeHere(reference, options) : undefined;
      if (!descriptor) throw error;
      const why = error instanceof NotFoundError ? "does not have" : "could not be asked for";
      const name = formatReference(reference);
      options.log?.("warning", `The registry ${why} ${name}: using the local store's`);
      return { store: this.local(reference), descriptor, from: "local store" };
    }
  }

  async #findMadeHere(
    reference: Reference,
    options: RemoteOptions,
  ): Promise<Descriptor | undefined> {
    const { tag } = reference;
    if (tag === undefined || await this.local(reference).wasPulled(tag)) return undefined;
    return await this.findLocal(reference, options);
  }

  /**
   * A model that the local store does not have, in its registry: `tag` may have named it there.
   * @throws {NotFoundError} of the local store, when the registry does not have it or does not
   * answer.
   */
  async findPushed(
    reference: Reference,
    remote: ContentStore,
    options: RemoteOptions,
  ): Promise<Descriptor> {
    const target = referenceTarget(reference);
    try {
      return await remote.resolve(target, options);
    } catch (error) {
      if (!isMissingOrUnreachable(error)) throw error;
      const local = this.local(reference);
      throw await withNearTags(missing(local, target), local, target, options);
    }
  }
}

/** Copies a model and tells progress in the words of models. */
export async function copyModel(
  from: ContentStore,
  to: ContentStore,
  descriptor: Descriptor,
  options: RemoteOptions & { readonly phase?: "upload" | "download"; readonly tag?: string },
): Promise<CopyReport> {
  const { phase, concurrency, tag } = options;
  const { copyGraph } = await import("../oci/copy_graph.ts");
  return await copyGraph(from, to, descriptor, {
    ...operationOptions(options),
    tag,
    phase,
    concurrency,
    describe: contentName,
  });
}

/** What copying a model did, as it is told. */
export function transferResult(
  reference: Reference,
  descriptor: Descriptor,
  report: CopyReport,
): TransferResult {
  return { reference: formatReference(reference), digest: descriptor.digest, ...report };
}

/** What a person calls a piece of a model: the path of its file, or what it is. */
export function contentName({ mediaType, annotations }: Descriptor): string | undefined {
  if (isManifestType(mediaType)) return "manifest";
  const config = mediaType.includes(".config.v1+json") ? "config" : undefined;
  return layerPath(annotations) ?? config;
}

/** Whether a registry does not have something, or no registry answered at all. */
function isMissingOrUnreachable(error: unknown): boolean {
  return error instanceof NotFoundError ||
    error instanceof TransferError && error.facts.status === undefined;
}
