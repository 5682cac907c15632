/**
 * modelops as a library: everything the commands do, without the commands.
 *
 * Each family has a factory that takes plain settings, and methods that take a target and options.
 * The options of every asynchronous operation carry `{ signal, progress, log }`. Errors are of the
 * classes below; their `kind` says what a caller can do, their `facts` what was found. Importing
 * this module does nothing else. The parts have entries of their own: `./oci`, `./registry`,
 * `./server`, `./bundle` and `./objects`.
 *
 * @example Package a folder as a model, and look at what the local store has
 * ```ts
 * import assert from "node:assert/strict";
 * import { openModels } from "@modelops/modelops";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/model.bin`, "weights");
 * await using models = await openModels({ storageDir: `${folder}/store` });
 * const { digest } = await models.build(folder, { targets: ["registry.example.com/demo:v1"] });
 * const { models: [found] } = await models.list();
 * assert.equal(found?.digest, digest);
 * ```
 * @module
 */

// What to open: models, bundles, registries and their logins, the local store, downloads, a server.
export { type Models, type ModelSettings, openModels } from "./src/library/models.ts";
export {
  openBundles,
  type OpenBundlesSettings,
  type OpenedBundles,
} from "./src/library/bundles.ts";
export {
  type LoginOptions,
  type LoginResult,
  type Logins,
  type LoginSettings,
  openLogins,
} from "./src/library/logins.ts";
export { openRegistries } from "./src/library/registries.ts";
export { diskCatalog, type LocalCatalog } from "./src/oci/disk_catalog.ts";
export type { LocalRepository } from "./src/oci/parts/repository.ts";
export {
  type DownloadedModel,
  downloadModel,
  type DownloadModelOptions,
  type DownloadSettings,
  type HubAccess,
  type HubSettings,
} from "./src/library/downloads.ts";
export type { HubName } from "./src/hubs/hub.ts";
export { type RunningServer, type ServeOptions, serveStore } from "./src/library/serve.ts";
export type {
  BundleAzureSettings,
  BundleSettings,
  CredentialFiles,
  CredentialSettings,
  NetworkSettings,
  OpenOptions,
  StoreSettings,
} from "./src/library/settings.ts";

// Options and errors of every operation.
export type {
  ItemProgress,
  Log,
  LogLevel,
  OperationOptions,
  ProgressEvent,
  ProgressPhase,
  ProgressPlan,
} from "./src/core/operation.ts";
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
  type SettingFact,
  TransferError,
  UnsupportedError,
} from "./src/core/errors.ts";

// Models: what the operations take and give, and Modelfiles.
export type { ModelBackend, RehearsedModels } from "./src/model/operations.ts";
export type {
  PruneOptions,
  PruneResult,
  RemoveResult,
  VerifyFault,
  VerifyOptions,
  VerifyResult,
} from "./src/model/operations/keeping.ts";
export type {
  CardOfOptions,
  DiffOptions,
  InspectOptions,
  InspectResult,
  ListedModel,
  ListOptions,
  ListResult,
  RemoteListOptions,
  RemoteRepositories,
  RemoteTags,
} from "./src/model/operations/looking.ts";
export type {
  ExtractedModel,
  ExtractModelOptions,
  ExtractResult,
  FetchOptions,
  FetchResult,
  PullOptions,
  PullResult,
  RemoteOptions,
  TransferResult,
  WriteFilesOptions,
} from "./src/model/operations/moving.ts";
export type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  LayerReport,
  MediaTypeFamily,
  UploadOptions,
  UploadResult,
} from "./src/model/operations/packaging.ts";
export type { ArchiveLimits } from "./src/archive/limits.ts";
export type {
  ModelCapabilities,
  ModelConfig,
  ModelDescriptor,
  ModelExecution,
} from "./src/model/config.ts";
// What an operation would do.
export type {
  OperationPlan,
  PlannedArtifact,
  PlannedDisk,
  PlannedPlace,
  PlannedStep,
  StepAction,
  StepKind,
} from "./src/model/rehearsal/plan.ts";
export type { FileConflict } from "./src/archive/places/verdicts.ts";
export type { LayerKind } from "./src/model/media_types.ts";
// What files say of a model.
export type { CardFile, CardPart, CardReferrer, ModelCard } from "./src/model/card/shape.ts";
export type {
  ChangedFact,
  ChangedFile,
  DiffFile,
  DiffSide,
  ModelDiff,
  TensorChange,
  TensorDiff,
  TensorVerdict,
} from "./src/model/compare/shape.ts";
export type {
  AdapterFacts,
  FileTensor,
  HeaderFacts,
  ModelFacts,
  ModelShape,
  Provenance,
  TokenizerFacts,
  UnlistedFile,
  UnreadTensor,
} from "./src/model/facts/facts.ts";
export type { TensorFact } from "./src/model/facts/tensors/tensor_fact.ts";
export type { LongList } from "./src/core/lists/long_list.ts";
export type { CompressionName } from "./src/archive/compression.ts";
export { checkModelfile, type CheckModelfileOptions } from "./src/model/modelfile/check.ts";
export type { ResolvedFiles, WorkspaceFile } from "./src/model/workspace.ts";
export type { FileOnDisk } from "./src/model/file_metadata.ts";
export type { WorkspaceOptions } from "./src/model/workspace_tree.ts";
export { formatModelfile, type FormatModelfileOptions } from "./src/model/modelfile/format.ts";
export {
  generateModelfile,
  type GenerateOptions,
  type GenerateResult,
} from "./src/model/modelfile/generate.ts";
export { parseModelfile } from "./src/model/modelfile/parser.ts";
export type { Modelfile, ModelfileEntry, ModelfileValues } from "./src/model/modelfile/values.ts";

// The names that the samples of the two guides use: thin aliases, for those who come from there.
export { createModelBackend, type ModelBackendOptions } from "./src/model/backend.ts";
export type { OpenCatalog } from "./src/model/reading.ts";
export { DiskCatalog } from "./src/oci/disk_catalog.ts";
export { MemoryCatalog } from "./src/oci/memory_store.ts";
export { RegistryClient, RegistryClient as RegistryConnector } from "./src/registry/client.ts";
export type { DragonflySettings } from "./src/http/dragonfly/settings.ts";
export type { MirrorFile, MirrorFiles } from "./src/registry/mirrors/files.ts";
export { openObjectStore } from "./src/objects/dispatch.ts";
export { digestBytes } from "./src/core/digest.ts";
export type { Descriptor } from "./src/oci/descriptor.ts";
export type { BundleRefFields as BundleRef } from "./src/bundle/documents/bundle.ts";
export {
  type ExportRequest,
  type ImportRequest,
  type MaterializeRequest,
  Operations,
  type OpsConfig,
  type PushRequest,
  type VerifyRequest,
} from "./src/bundle/guide/operations.ts";
export {
  BundleDownloadError,
  BundleNotFoundError,
  GUIDE_EXIT_CODES,
  RoleLayerMismatch,
  UnsupportedMediaType,
  ValidationError,
  WorkdirConflict,
} from "./src/bundle/guide/errors.ts";
export { defaultProviderFromEnv } from "./src/library/provider_from_env.ts";
export { bundleSettingsFromEnv as settingsFromEnv } from "./src/library/bundle_settings.ts";
export type { Environment } from "./src/library/environment.ts";
