/**
 * Everything that can be done with bundles, behind one interface.
 * @module
 */
import { NotFoundError } from "../core/errors.ts";
import { statKind } from "../core/files.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import type { ContentStore } from "../oci/store.ts";
import { exportArchive, type ExportOptions, type ExportResult } from "./archive/export.ts";
import { importArchive, type ImportOptions, type ImportResult } from "./archive/import.ts";
import { type BundleDiff, diffListings, type FileListing } from "./compare/diff.ts";
import { listArchive, listBundle, listDirectory } from "./compare/listing.ts";
import type { Bundle, BundleRef, BundleRefFields, ResolvedBundle } from "./documents/bundle.ts";
import { readEntries } from "./documents/entries.ts";
import { selectLayers } from "./documents/roles.ts";
import { publishBundle, type PublishResult, type PushOptions } from "./publish/push.ts";
import { planStorage, type StoragePlan } from "./publish/plan.ts";
import { type Inventory, scanWorkdir } from "./publish/scan.ts";
import type { DigestIndex } from "./resolve/digest_index.ts";
import { localBundleOpener } from "./resolve/local.ts";
import type { OpenRepository } from "./resolve/locate.ts";
import type { RegistrySettings } from "./resolve/registry.ts";
import { parseBundleRef, toBundleRef } from "./resolve/reference.ts";
import { openBundle, type OpenBundleOptions, resolveBundle } from "./resolve/bundle.ts";
import {
  materializeBundle,
  type MaterializeOptions,
  type MaterializeResult,
} from "./workspace/materialize.ts";
import { pinnedRef, readProvenance, selectedEntries } from "./workspace/provenance.ts";
import { verifyWorkspace } from "./workspace/verify.ts";
import type { VerifyReport } from "./workspace/verify_report.ts";
import { verifyBundle } from "./workspace/verify_stored.ts";

/** Where bundles and their big files are. */
export interface BundleProvider {
  /** Opens repositories. */
  readonly open: OpenRepository;
  /** Where bundles are. */
  readonly settings: RegistrySettings;
  /** Opens the store of external files; called only when one is touched. */
  readonly objects?: () => ObjectStore | Promise<ObjectStore>;
  /** Whether the right size is enough for an external file whose store recorded no SHA-256. */
  readonly allowStatWithoutSha?: boolean;
  /** Where external files go for rules without a template: `az://bundles`. */
  readonly externalBase?: string;
  /** Keeps the content of bundles for other materializations. */
  readonly cache?: ContentStore;
  /** Remembers where bundles were seen, by digest. */
  readonly digestIndex?: DigestIndex;
  /** More repositories to look for a bare digest in. */
  readonly repositories?: () => AsyncIterable<string> | Iterable<string>;
}

/** How to resolve. */
export interface ResolveOptions extends OperationOptions {
  /** Whether to note where the bundle was found, for its bare digest; true when absent. */
  readonly cache?: boolean;
}

/** How to verify. */
export interface VerifyOptions extends OperationOptions {
  /** Read and hash external files too, and not only ask for them. */
  readonly readExternal?: boolean;
}

/** What to materialize: a reference, or a bundle that was resolved before. */
export type BundleTarget = string | BundleRefFields | Bundle;

/** The operations on bundles. */
export interface Bundles {
  /**
   * Finds and reads a bundle.
   * @throws {NotFoundError} when there is no such bundle.
   */
  resolve(ref: string | BundleRefFields, options?: ResolveOptions): Promise<ResolvedBundle>;
  /**
   * Writes the part of a bundle that a role needs into a folder.
   * @throws {RoleMismatchError} when the bundle does not have the role or the layers.
   * @throws {WorkspaceConflictError} with everything in the way; nothing has been written then.
   */
  materialize(target: BundleTarget, options: MaterializeOptions): Promise<MaterializeResult>;
  /** The same as {@linkcode materialize}. */
  pull(target: BundleTarget, options: MaterializeOptions): Promise<MaterializeResult>;
  /**
   * Publishes the bundle of a working directory.
   * @throws {ConflictError} when a tag names another bundle and `force` is not given.
   */
  push(workdir: string, options?: PushOptions): Promise<PublishResult>;
  /** Packs a folder into a deterministic archive. */
  exportArchive(folder: string, options?: ExportOptions): Promise<ExportResult>;
  /** Verifies an archive and writes what is in it into a folder. */
  importArchive(archive: string, options: ImportOptions): Promise<ImportResult>;
  /** Lists and hashes the files of a working directory by its spec. */
  scan(workdir: string, options?: OperationOptions): Promise<Inventory>;
  /** Decides where each file of a working directory would go. */
  plan(workdir: string, options?: OperationOptions): Promise<StoragePlan>;
  /** What `to` adds, changes and lacks; each is a folder, an archive or a reference. */
  diff(from: string, to: string, options?: OperationOptions): Promise<BundleDiff>;
  /**
   * Re-hashes a workspace against the bundle it came from, or a bundle where it is stored. A
   * workspace whose bundle cannot be found is compared with its pointers alone.
   */
  verify(target: string, options?: VerifyOptions): Promise<VerifyReport>;
}

/** Makes the operations on the bundles that a provider reaches. */
export function createBundles(provider: BundleProvider): Bundles {
  return new ProvidedBundles(provider);
}

class ProvidedBundles implements Bundles {
  readonly #provider: BundleProvider;

  constructor(provider: BundleProvider) {
    this.#provider = provider;
  }

  async resolve(
    ref: string | BundleRefFields,
    options: ResolveOptions = {},
  ): Promise<ResolvedBundle> {
    return await resolveBundle(ref, this.#opening(options));
  }

  async #open(ref: BundleRef, options: ResolveOptions): Promise<Bundle> {
    return await openBundle(ref, this.#opening(options));
  }

  #opening(options: ResolveOptions): OpenBundleOptions {
    const { externalBase, cache } = this.#provider;
    return {
      ...this.#provider,
      ...operationOptions(options),
      note: options.cache,
      openLocal: localBundleOpener({ externalBase, scratch: cache && (() => cache) }),
    };
  }

  async materialize(target: BundleTarget, options: MaterializeOptions): Promise<MaterializeResult> {
    const { objects, cache } = this.#provider;
    const bundle = isBundle(target) ? target : await this.#open(toBundleRef(target), options);
    const { role, layers } = selectLayers(bundle, options);
    const entries = readEntries(bundle, layers, operationOptions(options));
    return await materializeBundle({ bundle, role, entries, objects, cache }, options);
  }

  async pull(target: BundleTarget, options: MaterializeOptions): Promise<MaterializeResult> {
    return await this.materialize(target, options);
  }

  async push(workdir: string, options: PushOptions = {}): Promise<PublishResult> {
    return await publishBundle(workdir, this.#provider, options);
  }

  async exportArchive(folder: string, options: ExportOptions = {}): Promise<ExportResult> {
    return await exportArchive(folder, options);
  }

  async importArchive(archive: string, options: ImportOptions): Promise<ImportResult> {
    return await importArchive(archive, options);
  }

  async scan(workdir: string, options: OperationOptions = {}): Promise<Inventory> {
    return await scanWorkdir(workdir, options);
  }

  async plan(workdir: string, options: OperationOptions = {}): Promise<StoragePlan> {
    return planStorage(await scanWorkdir(workdir, options), this.#provider);
  }

  async diff(from: string, to: string, options: OperationOptions = {}): Promise<BundleDiff> {
    return diffListings(await this.#list(from, options), await this.#list(to, options));
  }

  async #list(target: string, options: OperationOptions): Promise<FileListing> {
    switch (await statKind(target)) {
      case "folder":
        return await listDirectory(target, options);
      case "file":
        return await listArchive(target, options);
      default:
        return await listBundle(await this.#open(parseBundleRef(target), options), options);
    }
  }

  async verify(target: string, options: VerifyOptions = {}): Promise<VerifyReport> {
    const common = operationOptions(options);
    if (await statKind(target) === "folder") {
      const entries = await this.#workspaceEntries(target, common);
      return await verifyWorkspace({ ...common, root: target, entries });
    }
    const bundle = await this.#open(parseBundleRef(target), common);
    return await verifyBundle({
      ...common,
      bundle,
      entries: readEntries(bundle, bundle.layers, common),
      objects: this.#provider.objects,
      readExternal: options.readExternal,
      readUnrecorded: !this.#provider.allowStatWithoutSha,
    });
  }

  /** The entries that a workspace must have; `undefined` when its bundle is not known. */
  async #workspaceEntries(root: string, options: OperationOptions) {
    const provenance = await readProvenance(root);
    if (!provenance) return undefined;
    try {
      const bundle = await this.#open(pinnedRef(provenance), options);
      return selectedEntries(bundle, provenance, options);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      options.log?.("warning", `${error.message}; only pointers are verified`);
      return undefined;
    }
  }
}

function isBundle(target: BundleTarget): target is Bundle {
  return typeof target === "object" && "manifestDigest" in target;
}
