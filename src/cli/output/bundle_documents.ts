/**
 * What bundle commands report, as JSON documents with stable field names.
 * @module
 */
import type { ResolvedBundle } from "../../bundle/documents/bundle.ts";
import type { ExportResult } from "../../bundle/archive/export.ts";
import type { ImportResult } from "../../bundle/archive/import.ts";
import type { MaterializeResult } from "../../bundle/workspace/materialize.ts";
import type { VerifyReport } from "../../bundle/workspace/verify.ts";
import { conflictFields } from "./workspace_report.ts";

/** The identity of a bundle. */
export function bundleDocument(bundle: ResolvedBundle): Record<string, unknown> {
  const indexes = Object.entries(bundle.layerIndexes);
  return {
    name: bundle.name,
    version: bundle.version,
    description: bundle.description,
    repository: bundle.repository,
    manifest_digest: bundle.manifestDigest,
    media_type: bundle.mediaType,
    roles: bundle.roles,
    layers: bundle.layers,
    layer_indexes: Object.fromEntries(indexes.map(([layer, { digest }]) => [layer, digest])),
    external_index_present: bundle.externalIndexPresent,
    total_size: bundle.totalSize,
  };
}

/** What a materialization did, or would do. */
export function materializeDocument(
  result: MaterializeResult,
  layers: readonly string[],
): Record<string, unknown> {
  const { bundle, counters, plan } = result;
  return {
    bundle: bundleDocument(bundle),
    selected_role: result.selectedRole,
    selected_layers: layers,
    dest_path: result.destPath,
    dry_run: result.dryRun,
    files: result.files,
    counters: {
      created: counters.created,
      replaced: counters.replaced,
      kept: counters.kept,
      pointers: counters.pointers,
      bytes_written: counters.bytesWritten,
      bytes_fetched: counters.bytesFetched,
      bytes_prefetched: counters.bytesPrefetched,
    },
    ...(result.dryRun
      ? {
        bytes_to_move: plan.bytesToMove,
        disk_free: plan.diskFree,
        ...conflictFields(plan.conflicts),
      }
      : {}),
  };
}

/** What an export wrote. */
export function exportDocument(
  result: ExportResult,
  { workdir, includeExternal }: { readonly workdir: string; readonly includeExternal: boolean },
): Record<string, unknown> {
  const { path, size, digest, compression, files, folders, pointersOnly } = result;
  return {
    working_dir: workdir,
    path,
    size,
    digest,
    compression,
    files,
    folders,
    include_external: includeExternal,
    pointers_only: pointersOnly,
  };
}

/** What an import did, or would do. */
export function importDocument(result: ImportResult, archive: string): Record<string, unknown> {
  const { created, replaced, kept, bytesWritten, provenance } = result;
  return {
    archive,
    dest_path: result.destPath,
    dry_run: result.dryRun,
    manifest_digest: provenance?.manifestDigest,
    files: result.files,
    counters: { created, replaced, kept, bytes_written: bytesWritten },
    pointers_only: result.pointersOnly,
    ...(result.dryRun ? conflictFields(result.conflicts) : {}),
  };
}

/** What a verification found. */
export function verifyDocument(report: VerifyReport, target: string): Record<string, unknown> {
  return { target, ...report };
}
