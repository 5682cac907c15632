/**
 * The model operations over one local store and the registries that references name. What only one
 * operation needs is imported when it is called: `list` starts without what packs and unpacks.
 * @module
 */
import { isDigest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { Connect } from "../oci/connect.ts";
import type { LocalCatalog } from "../oci/disk_catalog.ts";
import {
  formatReference,
  parseReference,
  referenceTarget,
  repositoryName,
} from "../oci/reference.ts";
import { withNearTags } from "../oci/tags/near.ts";
import { ModelMoving, type MovingOptions } from "./moving/moving.ts";
import type { ModelBackend, RehearsedModels } from "./operations.ts";
import type {
  PruneOptions,
  PruneResult,
  RemoveResult,
  VerifyOptions,
  VerifyResult,
} from "./operations/keeping.ts";
import type { OpenCatalog } from "./reading.ts";
import type { OperationPlan, PlannedArtifact } from "./rehearsal/plan.ts";
import { ModelStores } from "./stores.ts";

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

class LocalModelBackend extends ModelMoving implements ModelBackend {
  readonly #options: ModelBackendOptions;
  readonly #stores: ModelStores;

  constructor(options: ModelBackendOptions) {
    const moving = movingOptions(options);
    super(moving);
    this.#options = options;
    this.#stores = moving.stores;
  }

  async rehearse(
    work: (models: RehearsedModels) => Promise<PlannedArtifact>,
  ): Promise<OperationPlan> {
    const { Rehearsal } = await import("./rehearsal/rehearsal.ts");
    const { catalog, connect } = this.#options;
    const rehearsal = new Rehearsal({ local: catalog, connect });
    const made = await work(
      new ModelMoving({ ...movingOptions(this.#options), ...rehearsal.parts }),
    );
    return rehearsal.plan(made);
  }

  async remove(target: string, options: OperationOptions = {}): Promise<RemoveResult> {
    const reference = parseReference(target);
    const local = this.#options.catalog.repository(repositoryName(reference));
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
    return { dryRun: options.dryRun ?? false, ...await this.#options.catalog.prune(options) };
  }

  async verify(options: VerifyOptions): Promise<VerifyResult> {
    const { verifyModels } = await import("./verify.ts");
    return await verifyModels(this.#options.catalog, this.#stores, options);
  }
}

function movingOptions(
  { catalog, connect, registryCatalog, digestCache, now = Date.now }: ModelBackendOptions,
): MovingOptions {
  return {
    catalog,
    stores: new ModelStores(catalog, connect),
    registryCatalog,
    digestCache,
    learns: true,
    now,
    async writeFiles(...args) {
      const { extractModel } = await import("./extraction/extract.ts");
      return await extractModel(...args);
    },
  };
}
