/**
 * Bundles: files by role, small ones in a registry and big ones in an object store.
 *
 * @example Read the name of a bundle
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatBundleRef, parseBundleRef } from "@modelops/modelops/bundle";
 *
 * const ref = parseBundleRef("demo:1.0.0");
 * assert.equal(ref.kind, "version");
 * assert.equal(formatBundleRef(ref), "demo:1.0.0");
 * ```
 * @module
 */
export {
  type Bundles,
  type BundleTarget,
  createBundles,
  type ResolveOptions,
  type VerifyOptions,
} from "./operations.ts";
export type {
  Bundle,
  BundleEntry,
  BundleRef,
  BundleRefFields,
  CommonEntry,
  ExternalEntry,
  RegistryEntry,
  ResolvedBundle,
} from "./documents/bundle.ts";
export type { BundleProvider, OpenRepository } from "./provider.ts";
export type { BundleLayout, RegistrySettings } from "./resolve/registry.ts";
export { DigestIndex } from "./resolve/digest_index.ts";
export type {
  MaterializeCounters,
  MaterializedFile,
  MaterializeOptions,
  MaterializeResult,
} from "./workspace/materialize.ts";
export type {
  FileAction,
  MaterializePlan,
  PlanMaterializeOptions,
  PlannedFile,
  PlannedPointer,
} from "./workspace/plan.ts";
export type { FileVerdict, PlanFilesOptions } from "../archive/places/verdicts.ts";
export type { Place, PlaceKind } from "../archive/places/survey.ts";
export type { LayerChoice } from "./documents/roles.ts";
export type { NameOptions } from "./workspace/path.ts";
export type { PathFilterOptions } from "./workspace/path_filter.ts";
export type { OpenWorkspaceOptions } from "./workspace/lock.ts";
export type { Provenance, Selection } from "./documents/provenance.ts";
export type { InitOptions, InitResult } from "./spec/init.ts";
export type { FileKind, FirstSpec } from "./spec/first_spec.ts";
export type { BumpKind } from "./spec/bump.ts";
export type { ExternalReport } from "./publish/externals.ts";
export type { PublishResult, PushOptions } from "./publish/push.ts";
export type { ExportOptions, ExportResult } from "./archive/export.ts";
export type { FileChange, WorkspaceComparison } from "./workspace/changes.ts";
export type { ArchiveLimits } from "../archive/limits.ts";
export type { ImportedFile, ImportOptions, ImportResult } from "./archive/import.ts";
export type { Inventory, ScannedFile, ScannedLayer } from "./publish/scan.ts";
export type { Decision, PlacedFile, StoragePlan } from "./publish/plan.ts";
export type { BundleDiff, ListedFile, ModifiedFile } from "./compare/diff.ts";
export type { VerifiedFile, VerifiedState, VerifyReport } from "./workspace/verify_report.ts";
export type { BundleSpec, ExternalRule, SpecLayer } from "./spec/description.ts";
export { formatBundleRef, parseBundleRef } from "./resolve/reference.ts";
export { type WorkspaceConflict, WorkspaceConflictError } from "./workspace/conflict.ts";
