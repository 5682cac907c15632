/**
 * modelops as a library: everything the commands do, without the commands.
 *
 * ```ts
 * import { createModelBackend, DiskCatalog, RegistryConnector } from "./mod.ts";
 *
 * await using registries = new RegistryConnector();
 * const models = createModelBackend({
 *   catalog: new DiskCatalog("/var/lib/models"),
 *   connect: registries.connect,
 * });
 * await models.build("./llama", { targets: ["registry.example.com/llama:v1"] });
 * await models.push("registry.example.com/llama:v1");
 * ```
 *
 * Every asynchronous operation takes `{ signal, progress, log }` last. Errors are of the classes
 * below; their `kind` says what a caller can do, their `facts` what was found. Importing this
 * module does nothing else.
 * @module
 */

// Core: digests, byte sources, errors, options of operations.
export {
  AccessDeniedError,
  ConflictError,
  type ErrorFacts,
  type ErrorKind,
  type ErrorOptions,
  IntegrityError,
  InvalidInputError,
  ModelOpsError,
  NotFoundError,
  type Problem,
  RoleMismatchError,
  TransferError,
  UnsupportedError,
} from "./src/core/errors.ts";
export {
  type Digest,
  type DigestAlgorithm,
  digestBytes,
  Digester,
  digestStream,
  isDigest,
  parseDigest,
} from "./src/core/digest.ts";
export type {
  Log,
  LogLevel,
  OperationOptions,
  ProgressEvent,
  ProgressPhase,
} from "./src/core/operation.ts";
export {
  type BlobSource,
  type ByteRange,
  bytesSource,
  type OpenOptions,
} from "./src/core/source.ts";
export { type FileFacts, type FileSource, fileSource } from "./src/core/file_source.ts";

export type { CompressionName } from "./src/archive/compression.ts";

// OCI: documents, references, stores, and the one mover of content.
export { type Annotations, describeBytes, type Descriptor } from "./src/oci/descriptor.ts";
export {
  type Index,
  type Manifest,
  type ManifestDocument,
  parseManifest,
} from "./src/oci/manifest.ts";
export { MediaType } from "./src/oci/media_types.ts";
export { formatReference, parseReference, type Reference } from "./src/oci/reference.ts";
export type { Catalog, ContentStore, OpenContentOptions } from "./src/oci/store.ts";
export {
  capability,
  type Capable,
  type Ingest,
  type Origin,
  type ReferrerOptions,
  type StoreCapabilities,
} from "./src/oci/capabilities.ts";
export { copyGraph, type CopyGraphOptions, type CopyReport } from "./src/oci/copy_graph.ts";
export {
  MemoryCatalog,
  memoryCatalog,
  type MemoryStore,
  memoryStore,
} from "./src/oci/memory_store.ts";
export {
  DiskCatalog,
  diskCatalog,
  type LocalCatalog,
  type LocalRepository,
} from "./src/oci/disk_catalog.ts";
export type { PruneReport, PruneStoreOptions } from "./src/oci/prune.ts";

// Registries: the client and the server.
export {
  RegistryClient,
  RegistryClient as RegistryConnector,
  type RegistryClientOptions,
} from "./src/registry/client.ts";
export type { Connect, ConnectOptions } from "./src/oci/connect.ts";
export type { RetryPolicy } from "./src/core/retry.ts";
export type { Transport } from "./src/http/transport_options.ts";
export type { TransportOptions } from "./src/http/transport_options.ts";
export type { ProxySettings } from "./src/http/proxies.ts";
export { RegistryRepository } from "./src/registry/repository.ts";
export {
  type Credentials,
  type CredentialSource,
  firstCredentials,
  fixedCredentials,
  type PasswordCredentials,
} from "./src/registry/auth/credentials.ts";
export {
  configFileCredentials,
  type ConfigFileOptions,
} from "./src/registry/auth/credential_helpers.ts";
export {
  createRegistryHandler,
  type RegistryHandler,
  type RegistryServerOptions,
} from "./src/server/handler.ts";
export { type Authenticate } from "./src/server/access.ts";
export {
  formatListenAddress,
  type ListenAddress,
  parseListenAddress,
} from "./src/server/address.ts";
export { htpasswdAuthenticator, type HtpasswdUsers, readHtpasswd } from "./src/server/htpasswd.ts";
export { listen, type ListenOptions, type RegistryListener } from "./src/server/listen.ts";

// Models: Modelfiles and every operation on models.
export { createModelBackend, type ModelBackendOptions } from "./src/model/backend.ts";
export type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  ExtractModelOptions,
  ExtractResult,
  FetchOptions,
  FetchResult,
  InspectOptions,
  InspectResult,
  LayerReport,
  ListedModel,
  ListResult,
  MediaTypeFamily,
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
} from "./src/model/operations.ts";
export type {
  ModelCapabilities,
  ModelConfig,
  ModelDescriptor,
  ModelExecution,
} from "./src/model/config.ts";
export type { Modelfile, ModelfileEntry, ModelfileValues } from "./src/model/modelfile/values.ts";
export { parseModelfile, validateModelfile } from "./src/model/modelfile/parser.ts";
export { formatModelfile, type FormatModelfileOptions } from "./src/model/modelfile/format.ts";
export {
  generateModelfile,
  type GenerateOptions,
  type GenerateResult,
} from "./src/model/modelfile/generate.ts";
export type { LayerKind } from "./src/model/media_types.ts";

// Bundles: resolve, materialize, publish, export, import, scan, plan, diff, verify.
export {
  type BundleProvider,
  type Bundles,
  type BundleTarget,
  createBundles,
  type ResolveOptions,
  type VerifyOptions,
} from "./src/bundle/operations.ts";
export {
  type ExportRequest,
  type ImportRequest,
  type MaterializeRequest,
  Operations,
  type OpsConfig,
  type PushRequest,
  type VerifyRequest,
} from "./src/bundle/guide/operations.ts";
export { bundleProvider, type ProviderParts } from "./src/library/bundles.ts";
export { defaultProviderFromEnv } from "./src/library/provider_from_env.ts";
export type {
  Bundle,
  BundleEntry,
  BundleRef as ParsedBundleRef,
  BundleRefFields as BundleRef,
  CommonEntry,
  ExternalEntry,
  RegistryEntry,
  ResolvedBundle,
} from "./src/bundle/documents/bundle.ts";
export type { OpenRepository } from "./src/bundle/resolve/locate.ts";
export { type RegistrySettings } from "./src/bundle/resolve/registry.ts";
export { DigestIndex } from "./src/bundle/resolve/digest_index.ts";
export type {
  MaterializeCounters,
  MaterializedFile,
  MaterializeOptions,
  MaterializeResult,
} from "./src/bundle/workspace/materialize.ts";
export type {
  FileAction,
  MaterializePlan,
  PlanMaterializeOptions,
  PlannedFile,
  PlannedPointer,
} from "./src/bundle/workspace/plan.ts";
export type { FileVerdict, PlanFilesOptions } from "./src/bundle/workspace/plan_files.ts";
export type { Place, PlaceKind } from "./src/bundle/workspace/survey.ts";
export type { LayerChoice } from "./src/bundle/documents/roles.ts";
export type { PathFilterOptions } from "./src/bundle/workspace/path_filter.ts";
export type { OpenWorkspaceOptions } from "./src/bundle/workspace/open.ts";
export type { Provenance, Selection } from "./src/bundle/documents/provenance.ts";
export type { BumpKind } from "./src/bundle/spec/bump.ts";
export type { ExternalReport } from "./src/bundle/publish/externals.ts";
export type { PublishResult, PushOptions } from "./src/bundle/publish/push.ts";
export type { ExportOptions, ExportResult } from "./src/bundle/archive/export.ts";
export type { ImportedFile, ImportOptions, ImportResult } from "./src/bundle/archive/import.ts";
export type { Inventory, ScannedFile, ScannedLayer } from "./src/bundle/publish/scan.ts";
export type { Decision, PlacedFile, StoragePlan } from "./src/bundle/publish/plan.ts";
export type { BundleDiff, ListedFile, ModifiedFile } from "./src/bundle/compare/diff.ts";
export type { VerifiedFile, VerifiedState, VerifyReport } from "./src/bundle/workspace/verify.ts";
export type { BundleSpec, ExternalRule, SpecLayer } from "./src/bundle/spec/description.ts";
export { formatBundleRef, parseBundleRef } from "./src/bundle/resolve/reference.ts";
export { bundleSettingsFromEnv as settingsFromEnv } from "./src/library/bundle_settings.ts";
export type { BundleAzureSettings, BundleSettings } from "./src/library/settings.ts";
export type { Environment } from "./src/library/environment.ts";
export {
  BundleDownloadError,
  BundleNotFoundError,
  GUIDE_EXIT_CODES,
  RoleLayerMismatch,
  UnsupportedMediaType,
  ValidationError,
  WorkdirConflict,
} from "./src/bundle/guide/errors.ts";
export { type WorkspaceConflict, WorkspaceConflictError } from "./src/bundle/workspace/conflict.ts";

// External storage of big files.
export { type ObjectStoreSettings, openObjectStore } from "./src/objects/dispatch.ts";
export type { AzureClientOptions, AzureTokenSource } from "./src/objects/azure_client.ts";
export type { ObjectStoreNetwork } from "./src/objects/dispatch.ts";
export type {
  ObjectFacts,
  ObjectStore,
  OpenObjectOptions,
  PutObjectOptions,
  StorageTier,
} from "./src/objects/object_store.ts";
export type { AzureSettings } from "./src/objects/azure_access.ts";
