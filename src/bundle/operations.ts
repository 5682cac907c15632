/**
 * Everything that can be done with bundles, behind one object.
 * @module
 */
import { NotFoundError } from "../core/errors.ts";
import { statKind } from "../core/files.ts";
import { type OperationOptions, operationOptions } from "../core/operation.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import type { ContentStore } from "../oci/store.ts";
import type { BundleEntry, BundleRef, ResolvedBundle } from "./documents/bundle.ts";
import { type BundleDiff, diffListings, type FileListing } from "./compare/diff.ts";
import type { DigestIndex } from "./resolve/digest_index.ts";
import { readEntries } from "./documents/entries.ts";
import { exportArchive, type ExportOptions, type ExportResult } from "./archive/export.ts";
import { importArchive, type ImportOptions, type ImportResult } from "./archive/import.ts";
import { listArchive, listBundle, listDirectory } from "./compare/listing.ts";
import { localBundleOpener } from "./resolve/local.ts";
import type { OpenRepository } from "./resolve/locate.ts";
import {
  materializeBundle,
  type MaterializeOptions,
  type MaterializeResult,
} from "./workspace/materialize.ts";
import { pathFilter } from "./compare/path_filter.ts";
import { planStorage, type StoragePlan } from "./publish/plan.ts";
import { publishBundle, type PublishOptions, type PublishResult } from "./publish/bundle.ts";
import type { Provenance } from "./documents/provenance.ts";
import type { RegistrySettings } from "./resolve/registry.ts";
import { resolveBundle } from "./resolve/resolver.ts";
import { checkLayers, selectRole } from "./documents/roles.ts";
import { type Inventory, scanBundle } from "./publish/scan.ts";
import { workspacePath } from "./workspace/path.ts";
import { readWorkspaceProvenance } from "./workspace/provenance.ts";
import { verifyBundle, type VerifyReport, verifyWorkspace } from "./workspace/verify.ts";

/** How the operations behave; the fields and defaults of the bundles guide. */
export interface OpsConfig {
  /** Show no progress. */
  readonly ci?: boolean;
  /** Keep the content of bundles for other materializations; true when absent. */
  readonly cache?: boolean;
  /** How hard zstd tries when exporting, 1 to 22; 19 when absent. */
  readonly zstdLevel?: number;
  /** Write sizes and times for people; true when absent. */
  readonly human?: boolean;
  /** Tell more. */
  readonly verbose?: boolean;
}

/** Where bundles and their big files are. */
export interface BundleProvider {
  /** Opens repositories. */
  readonly open: OpenRepository;
  /** Where bundles are. */
  readonly settings: RegistrySettings;
  /** Opens the store of external files; called only when one is touched. */
  readonly objects?: () => ObjectStore | Promise<ObjectStore>;
  /** Where external files go for rules without a template: `az://bundles`. */
  readonly externalBase?: string;
  /** Keeps the content of bundles for other materializations. */
  readonly cache?: ContentStore;
  /** Remembers where bundles were seen, by digest. */
  readonly digestIndex?: DigestIndex;
  /** More repositories to look for a bare digest in. */
  readonly repositories?: () => AsyncIterable<string> | Iterable<string>;
}

/** What to materialize. */
export interface MaterializeRequest extends
  Omit<
    MaterializeOptions,
    "bundle" | "entries" | "role" | "objects" | "cache"
  > {
  /** The bundle. */
  readonly ref: string | BundleRef;
  /** The role; that of the reference, else `default`, when absent. */
  readonly role?: string;
  /** Only these layers, whatever the role says. */
  readonly layers?: readonly string[];
}

/** What to publish. */
export interface PushRequest extends
  Omit<
    PublishOptions,
    "open" | "settings" | "objects" | "externalBase" | "digestIndex"
  > {
  /** The working directory. */
  readonly workdir: string;
}

/** What to verify. */
export interface VerifyRequest extends OperationOptions {
  /** A workspace folder, or a reference. */
  readonly target: string;
  /** Read and hash external files too, and not only ask for them. */
  readonly readExternal?: boolean;
}

/** The operations on bundles over one provider. */
export class Operations {
  /** How they behave. */
  readonly config: OpsConfig;
  readonly #provider: BundleProvider;

  /** Makes the operations. */
  constructor(
    options: { readonly config?: OpsConfig; readonly provider: BundleProvider },
  ) {
    this.config = options.config ?? {};
    this.#provider = options.provider;
  }

  /**
   * Finds and reads a bundle.
   * @throws {NotFoundError} when there is no such bundle.
   */
  async resolve(ref: string | BundleRef, options: OperationOptions = {}): Promise<ResolvedBundle> {
    const { externalBase, cache } = this.#provider;
    return await resolveBundle(ref, {
      ...this.#provider,
      ...operationOptions(options),
      openLocal: localBundleOpener({ externalBase, ...(cache ? { scratch: () => cache } : {}) }),
    });
  }

  /**
   * Writes the part of a bundle that a role needs into a folder.
   * @throws {RoleMismatchError} when the bundle does not have the role or the layers.
   * @throws {WorkspaceConflictError} with everything in the way; nothing has been written then.
   */
  async materialize(request: MaterializeRequest): Promise<MaterializeResult> {
    const bundle = await this.resolve(request.ref, request);
    const { role, layers } = request.layers === undefined
      ? selectRole(bundle, request.role)
      : chosenLayers(bundle, request.layers, request.role);
    return await materializeBundle({
      ...request,
      bundle,
      role,
      entries: readEntries(bundle, layers, operationOptions(request)),
      objects: this.#provider.objects,
      cache: this.config.cache === false ? undefined : this.#provider.cache,
    });
  }

  /** The same as {@linkcode materialize}. */
  async pull(request: MaterializeRequest): Promise<MaterializeResult> {
    return await this.materialize(request);
  }

  /** Packs a folder into a deterministic archive. */
  async exportArchive(options: ExportOptions): Promise<ExportResult> {
    return await exportArchive({ zstdLevel: this.config.zstdLevel, ...options });
  }

  /** Verifies an archive and writes what is in it into a folder. */
  async importArchive(options: ImportOptions): Promise<ImportResult> {
    return await importArchive(options);
  }

  /** Lists and hashes the files of a working directory by its spec. */
  async scan(workdir: string, options: OperationOptions = {}): Promise<Inventory> {
    return await scanBundle(workdir, options);
  }

  /** Decides where each file of a working directory would go. */
  async plan(workdir: string, options: OperationOptions = {}): Promise<StoragePlan> {
    const { externalBase } = this.#provider;
    return planStorage(await scanBundle(workdir, options), { externalBase });
  }

  /** What `to` adds to, changes in and lacks of `from`; each a folder, an archive or a reference. */
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
        return await listBundle(await this.resolve(target, options), options);
    }
  }

  /**
   * Publishes the bundle of a working directory.
   * @throws {ConflictError} when a tag names another bundle and `force` is not given.
   */
  async push(request: PushRequest): Promise<PublishResult> {
    const { open, settings, objects, externalBase, digestIndex } = this.#provider;
    return await publishBundle(request.workdir, {
      ...request,
      ...{ open, settings, objects, externalBase, digestIndex },
    });
  }

  /**
   * Re-hashes a workspace against the bundle it came from, or a bundle where it is stored. A workspace
   * whose bundle cannot be found is compared with its pointers alone.
   */
  async verify(request: VerifyRequest): Promise<VerifyReport> {
    const common = operationOptions(request);
    if (await statKind(request.target) === "folder") {
      const entries = await this.#workspaceEntries(request.target, common);
      return await verifyWorkspace({ ...common, root: request.target, entries });
    }
    const bundle = await this.resolve(request.target, common);
    return await verifyBundle({
      ...common,
      bundle,
      entries: readEntries(bundle, bundle.layers, common),
      objects: this.#provider.objects,
      readExternal: request.readExternal,
    });
  }

  async #workspaceEntries(root: string, options: OperationOptions) {
    const provenance = await readWorkspaceProvenance(root);
    if (!provenance) return undefined;
    try {
      const bundle = await this.resolve(pinnedRef(provenance), options);
      return selectedEntries(bundle, provenance, options);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      options.log?.("warning", `${error.message}; only pointers are verified`);
      return undefined;
    }
  }
}

/** The very bundle that a workspace was made from, wherever its tag points now. */
function pinnedRef({ ref, manifestDigest: digest }: Provenance): BundleRef {
  if (ref.reference === undefined) {
    return ref.name === undefined ? { digest } : { name: ref.name, digest };
  }
  return {
    reference: formatReference({ ...parseReference(ref.reference), tag: undefined, digest }),
  };
}

/** The entries that are to be in a workspace. */
async function* selectedEntries(
  bundle: ResolvedBundle,
  { role, selection = {} }: Provenance,
  options: OperationOptions,
): AsyncGenerator<BundleEntry, void> {
  const layers = selection.layers ?? selectRole(bundle, role).layers;
  const matches = pathFilter(selection);
  for await (const entry of readEntries(bundle, layers, options)) {
    if (matches(workspacePath(entry.path, "verify"))) yield entry;
  }
}

function chosenLayers(
  bundle: ResolvedBundle,
  layers: readonly string[],
  role: string | undefined,
): { role: string; layers: readonly string[] } {
  checkLayers(bundle, layers, "--layers");
  return { role: role ?? "default", layers: [...new Set(layers)] };
}
