/**
 * Everything that can be done with bundles, behind one interface.
 * @module
 */
import { InvalidInputError, NotFoundError } from "../core/errors.ts";
import { quote } from "../core/text.ts";
import { statKind } from "../core/files.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import { exportArchive, type ExportOptions, type ExportResult } from "./archive/export.ts";
import { importArchive, type ImportOptions, type ImportResult } from "./archive/import.ts";
import { type BundleDiff, diffListings, type FileListing } from "./compare/diff.ts";
import { listArchive, listBundle, listDirectory } from "./compare/listing.ts";
import type { Bundle, BundleRef, BundleRefFields, ResolvedBundle } from "./documents/bundle.ts";
import { readEntries } from "./documents/entries.ts";
import { selectLayers } from "./documents/roles.ts";
import type { BundleProvider } from "./provider.ts";
import { publishBundle, type PublishResult, type PushOptions } from "./publish/push.ts";
import { placesOf, planStorage, type StoragePlan } from "./publish/plan.ts";
import { type Inventory, scanWorkdir } from "./publish/scan.ts";
import { type InitOptions, type InitResult, initSpec } from "./spec/init.ts";
import { parseBundleRef, toBundleRef } from "./resolve/reference.ts";
import { localRepositories } from "./resolve/kept_documents.ts";
import { openBundle, type OpenBundleOptions, resolveBundle } from "./resolve/bundle.ts";
import type { NameOptions } from "./workspace/path.ts";
import { compareWorkspace } from "./workspace/changes.ts";
import {
  materializeBundle,
  type MaterializeOptions,
  type MaterializeResult,
} from "./workspace/materialize.ts";
import { pinnedRef, readProvenance, selectedEntries } from "./workspace/provenance.ts";
import { verifyWorkspace } from "./workspace/verify.ts";
import type { VerifyReport } from "./workspace/verify_report.ts";
import { verifyBundle } from "./workspace/verify_stored.ts";

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
  /**
   * Writes a first `modelops.yaml` for the files of a folder.
   * @throws {ConflictError} when it has one and `force` is not given.
   */
  init(folder: string, options?: InitOptions): Promise<InitResult>;
  /**
   * Packs a folder into a deterministic archive, and says what changed in it since a bundle was
   * materialized into it, where this machine has that bundle's documents.
   */
  exportArchive(folder: string, options?: ExportOptions): Promise<ExportResult>;
  /** Verifies an archive and writes what is in it into a folder. */
  importArchive(archive: string, options: ImportOptions): Promise<ImportResult>;
  /** Lists and hashes the files of a working directory by its spec. */
  scan(workdir: string, options?: OperationOptions & NameOptions): Promise<Inventory>;
  /** Decides where each file of a working directory would go. */
  plan(workdir: string, options?: OperationOptions & NameOptions): Promise<StoragePlan>;
  /** What `to` adds, changes and lacks; each is a folder, an archive or a reference. */
  diff(from: string, to: string, options?: OperationOptions): Promise<BundleDiff>;
  /**
   * Re-hashes a workspace against the bundle it came from, or a bundle where it is stored. A
   * workspace whose bundle cannot be found is compared with its pointers alone.
   * @throws {InvalidInputError} when it has none either: nothing says what must be in it.
   */
  verify(target: string, options?: VerifyOptions): Promise<VerifyReport>;
}

/** Makes the operations on the bundles that a provider reaches. */
export function createBundles(provider: BundleProvider): Bundles {
  const opening = (options: ResolveOptions): OpenBundleOptions => (
    { ...provider, ...operationOptions(options), note: options.cache }
  );
  const open = (ref: BundleRef, options: ResolveOptions) => openBundle(ref, opening(options));

  async function materialize(
    target: BundleTarget,
    options: MaterializeOptions,
  ): Promise<MaterializeResult> {
    const bundle = isBundle(target) ? target : await open(toBundleRef(target), options);
    const { role, layers } = selectLayers(bundle, options);
    const entries = readEntries(bundle, layers, operationOptions(options));
    return await materializeBundle({ ...provider, bundle, role, entries }, options);
  }

  return {
    resolve: (ref, options = {}) => resolveBundle(ref, opening(options)),
    materialize,
    pull: materialize,
    push: (workdir, options) => publishBundle(workdir, provider, options),
    init: initSpec,
    exportArchive: (folder, options = {}) =>
      exportArchive(folder, {
        ...options,
        compare: (root) => compareWorkspace(root, localRepositories(provider), options),
      }),
    importArchive,
    scan: scanWorkdir,
    plan: async (workdir, options) => {
      const inventory = await scanWorkdir(workdir, options);
      return planStorage(inventory, await placesOf(inventory.spec, provider));
    },
    diff: async (from, to, options = {}) =>
      diffListings(await listFiles(from, open, options), await listFiles(to, open, options)),
    verify: async (target, { readExternal, ...options } = {}) => {
      if (await statKind(target) === "folder") {
        const entries = await workspaceEntries(target, open, options);
        const report = await verifyWorkspace({ ...options, root: target, entries });
        if (entries === undefined && report.files.length === 0) throw noWorkspace(target);
        return report;
      }
      const bundle = await open(parseBundleRef(target), options);
      return await verifyBundle({
        ...options,
        bundle,
        entries: readEntries(bundle, bundle.layers, options),
        objects: provider.objects,
        readExternal,
        readUnrecorded: !provider.allowStatWithoutSha,
      });
    },
  };
}

type Open = (ref: BundleRef, options: OperationOptions) => Promise<Bundle>;

async function listFiles(
  target: string,
  open: Open,
  options: OperationOptions,
): Promise<FileListing> {
  switch (await statKind(target)) {
    case "folder":
      return await listDirectory(target, options);
    case "file":
      return await listArchive(target, options);
    default:
      return await listBundle(await open(parseBundleRef(target), options), options);
  }
}

/** Where nothing says what must be there, nothing was verified. */
function noWorkspace(path: string): InvalidInputError {
  return new InvalidInputError(
    `Cannot verify ${quote(path)}: neither a bundle that can be found nor a pointer ` +
      "says what must be in it",
    {
      path,
      remedy: "name the folder of a materialized bundle, or a bundle such as my-model:1.0.0",
    },
  );
}

/** The entries that a workspace must have; `undefined` when its bundle is not known. */
async function workspaceEntries(root: string, open: Open, options: OperationOptions) {
  const provenance = await readProvenance(root);
  if (!provenance) return undefined;
  try {
    return selectedEntries(await open(pinnedRef(provenance), options), provenance, options);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    options.log?.("warning", `${error.message}; only pointers are verified`);
    return undefined;
  }
}

function isBundle(target: BundleTarget): target is Bundle {
  return typeof target === "object" && "manifestDigest" in target;
}
