/**
 * What bundle commands report, as JSON documents with stable field names.
 * @module
 */
import type { ResolvedBundle } from "../../bundle/documents/bundle.ts";
import type { ExportResult } from "../../bundle/archive/export.ts";
import type { ImportResult } from "../../bundle/archive/import.ts";
import type { MaterializeResult } from "../../bundle/workspace/materialize.ts";
import type { BundleDiff, ListedFile } from "../../bundle/compare/diff.ts";
import { type PlacedFile, placedFiles, type StoragePlan } from "../../bundle/publish/plan.ts";
import type { ExternalReport } from "../../bundle/publish/externals.ts";
import type { PublishResult } from "../../bundle/publish/push.ts";
import type { Inventory } from "../../bundle/publish/scan.ts";
import { digestHex } from "../../core/digest.ts";
import { modeText, sizeOf } from "./bundle_text.ts";
import { conflictFields } from "./workspace_report.ts";

/** The identity of a bundle. */
export function bundleDocument(bundle: ResolvedBundle): Record<string, unknown> {
  const { name, version, description, repository, manifestDigest, mediaType } = bundle;
  const { roles, layers, externalIndexPresent, totalSize } = bundle;
  const indexes = Object.entries(bundle.layerIndexes);
  return {
    name,
    version,
    description,
    repository,
    manifestDigest,
    mediaType,
    roles,
    layers,
    layerIndexes: Object.fromEntries(indexes.map(([layer, { digest }]) => [layer, digest])),
    externalIndexPresent,
    totalSize,
  };
}

/** What a materialization did, or would do. */
export function materializeDocument(
  { plan, selectedRole, destPath, dryRun, files, counters }: MaterializeResult,
  bundle: ResolvedBundle,
  selectedLayers: readonly string[],
): Record<string, unknown> {
  const { bytesToMove, diskFree, conflicts } = plan;
  return {
    bundle: bundleDocument(bundle),
    selectedRole,
    selectedLayers,
    destPath,
    dryRun,
    files,
    counters,
    ...(dryRun ? { bytesToMove, diskFree, ...conflictFields(conflicts) } : {}),
  };
}

/** What an export wrote. */
export function exportDocument(
  { pointersOnly, comparison, ...archive }: ExportResult,
  { workdir, includeExternal }: { readonly workdir: string; readonly includeExternal: boolean },
): Record<string, unknown> {
  return {
    workingDir: workdir,
    ...archive,
    includeExternal,
    pointersOnly,
    ...comparisonFields(comparison),
  };
}

/** What changed in a workspace; `null` where that is not known, and then why. */
function comparisonFields(comparison: ExportResult["comparison"]): Record<string, unknown> {
  if (comparison?.kind === "compared") return { changed: comparison.changes };
  const reason = comparison?.kind === "unknown"
    ? comparison.reason
    : "no bundle was materialized into the folder";
  return { changed: null, notCompared: reason };
}

/** What an import did, or would do. */
export function importDocument(result: ImportResult, archive: string): Record<string, unknown> {
  const { created, replaced, kept, bytesWritten, provenance } = result;
  const { destPath, dryRun, files, pointersOnly, bytesToMove, diskFree, conflicts } = result;
  return {
    archive,
    destPath,
    dryRun,
    manifestDigest: provenance?.manifestDigest,
    files,
    counters: { created, replaced, kept, bytesWritten },
    pointersOnly,
    ...(dryRun ? { bytesToMove, diskFree, ...conflictFields(conflicts) } : {}),
  };
}

/** What publishing did, or would do. */
export function publishDocument(result: PublishResult): Record<string, unknown> {
  const { plan, registry, external, previousVersion } = result;
  return {
    reference: result.reference,
    digest: result.digest,
    name: result.name,
    version: result.version,
    ...(previousVersion === undefined ? {} : { previousVersion }),
    tags: result.tags,
    files: placedFiles(plan).length,
    ...sentDocument(registry),
    external: sentDocument(external),
    externalFiles: externalDocuments(plan),
    ...(result.isLocal ? { storedIn: "local store" } : {}),
    upToDate: result.upToDate,
    dryRun: result.dryRun,
  };
}

/** Where each external file goes. */
function externalDocuments(plan: StoragePlan): Record<string, unknown>[] {
  return placedFiles(plan).flatMap(({ path, size, decision }) =>
    decision.kind === "external"
      ? [{ path, size, uri: decision.uri, tier: decision.tier, place: decision.place }]
      : []
  );
}

function sentDocument({ copied, skipped, bytes }: ExternalReport): Record<string, number> {
  return { uploaded: copied, skipped, uploadedBytes: bytes };
}

/** The files of a working directory by layer. */
export function scanDocument(inventory: Inventory): Record<string, unknown> {
  const layers = inventory.layers.map(({ name, type, files }) => ({
    name,
    type,
    fileCount: files.length,
    size: sizeOf(files),
    files: files.map(({ path, size, mode, digest }) => ({
      path,
      size,
      mode: modeText(mode),
      sha256: digestHex(digest),
    })),
  }));
  return {
    workingDir: inventory.workdir,
    name: inventory.spec.name,
    version: inventory.spec.version,
    roles: inventory.spec.roles,
    layers,
    fileCount: layers.reduce((sum, layer) => sum + layer.fileCount, 0),
    totalSize: layers.reduce((sum, layer) => sum + layer.size, 0),
    warnings: inventory.warnings,
  };
}

/** Where each file of a bundle goes. */
export function planDocument(plan: StoragePlan): Record<string, unknown> {
  const files = placedFiles(plan);
  const { workdir, spec, warnings } = plan.inventory;
  return {
    workingDir: workdir,
    name: spec.name,
    version: spec.version,
    files: files.map(placedFileDocument),
    totals: {
      fileCount: files.length,
      totalSize: sizeOf(files),
      ...totals("registry", files.filter(({ decision }) => decision.kind === "registry")),
      ...totals("external", files.filter(({ decision }) => decision.kind === "external")),
    },
    warnings,
  };
}

function placedFileDocument({ path, layer, size, mode, digest, decision }: PlacedFile) {
  const external = decision.kind === "external";
  return {
    path,
    layer,
    size,
    mode: modeText(mode),
    sha256: digestHex(digest),
    decision: decision.kind,
    reason: decision.reason,
    ...(external ? { uri: decision.uri, tier: decision.tier, place: decision.place } : {}),
  };
}

function totals(kind: string, files: readonly PlacedFile[]): Record<string, number> {
  return { [`${kind}Count`]: files.length, [`${kind}Size`]: sizeOf(files) };
}

/** What makes one list of files out of another. */
export function diffDocument(diff: BundleDiff): Record<string, unknown> {
  const { from, to, added, modified, removed, unchanged, unread } = diff;
  return {
    from,
    to,
    identical: added.length + modified.length + removed.length + unread.length === 0,
    added: added.map(listedFileDocument),
    modified: modified.map(({ path, from, to }) => ({
      path,
      oldSize: from.size,
      newSize: to.size,
      oldSha256: from.sha256,
      newSha256: to.sha256,
    })),
    removed: removed.map(listedFileDocument),
    unchanged: unchanged.map(({ path }) => path),
    unread,
    totals: {
      added: added.length,
      modified: modified.length,
      removed: removed.length,
      unchanged: unchanged.length,
    },
  };
}

function listedFileDocument({ path, size, sha256 }: ListedFile): Record<string, unknown> {
  return { path, size, sha256 };
}
