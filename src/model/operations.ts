/**
 * What the model operations take and give back: the shapes shared by the library, the commands and
 * their `--json` documents.
 * @module
 */
import type { CompressionName } from "../archive/compression.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import type { Digest } from "../core/digest.ts";
import type { OperationOptions } from "../core/operation.ts";
import type { ConnectOptions } from "../oci/connect.ts";
import type { UnfinishedContent } from "../oci/disk/unfinished.ts";
import type { ModelCard } from "./card/shape.ts";
import type { ModelDiff } from "./compare/shape.ts";
import type { ModelConfig } from "./config.ts";
import type { OperationPlan, PlannedArtifact } from "./rehearsal/plan.ts";

/** Options of every operation that may talk to a registry. */
export interface RemoteOptions extends OperationOptions, ConnectOptions {
  /** Layers moved at once; 5 when absent or 0. */
  readonly concurrency?: number;
}

/** Which family of media types and annotation keys an artifact is written with. */
export type MediaTypeFamily = "cncf" | "cnai";

/** How to build. */
export interface BuildOptions extends RemoteOptions {
  /** References the artifact gets; at least one, each with a tag. */
  readonly targets: readonly string[];
  /**
   * The Modelfile: a path, looked up relative to the working directory and then to the workspace.
   * `Modelfile` when absent; if that does not exist either, one is generated in memory.
   */
  readonly modelfile?: string;
  /** Send every layer straight to the registry and keep nothing in the local store. */
  readonly outputRemote?: boolean;
  /** One file a layer as it is (the default), or as a tar archive. */
  readonly raw?: boolean;
  /** Compression of tar layers; `none` when absent. */
  readonly compression?: CompressionName;
  /** Media types to write; `cncf` when absent. */
  readonly mediaTypes?: MediaTypeFamily;
  /** Recorded as `descriptor.sourceURL`; read from the workspace's git folder when absent. */
  readonly sourceUrl?: string;
  /** Recorded as `descriptor.revision`; read from the workspace's git folder when absent. */
  readonly sourceRevision?: string;
  /** Record that the model reasons. */
  readonly reasoning?: boolean;
  /** Leave every clock reading out of the artifact. */
  readonly noCreationTime?: boolean;
  /** Seconds since the epoch that clamp every time in the artifact (SOURCE_DATE_EPOCH). */
  readonly sourceDateEpoch?: number;
  /** More annotations of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Platforms recorded in the manifest annotation `org.modelops.platforms`. */
  readonly platforms?: readonly string[];
  /** Patterns (gitignore syntax) of files that are left out. */
  readonly exclude?: readonly string[];
  /** Follow links that leave the workspace. */
  readonly followLinks?: boolean;
  /** Refuse names that not every system can hold, and those that only case tells apart. */
  readonly portable?: boolean;
  /** Whether digests of files are remembered between builds; so it is when absent. */
  readonly digestCache?: boolean;
}

/** A layer of an artifact as reports show it. */
export interface LayerReport {
  /** Media type of the layer. */
  readonly mediaType: string;
  /** Digest of the blob. */
  readonly digest: Digest;
  /** Size of the blob in bytes. */
  readonly size: number;
  /** Path of the file in the model. */
  readonly path: string;
}

/** What a build made. */
export interface BuildResult {
  /** The references that name it now. */
  readonly references: readonly string[];
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** Bytes of manifest, configuration and layers. */
  readonly size: number;
  /** The layers in order. */
  readonly layers: readonly LayerReport[];
  /** The Modelfile was found at this path; absent when it was generated in memory. */
  readonly modelfile?: string;
  /** Things a person may want to know: files left out, facts not found. */
  readonly warnings: readonly string[];
}

/** What moving an artifact did. */
export interface TransferResult {
  /** The reference that was moved. */
  readonly reference: string;
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** Blobs and manifests that were sent or received. */
  readonly copied: number;
  /** Blobs and manifests that were there already. */
  readonly skipped: number;
  /** Bytes that were sent or received. */
  readonly bytes: number;
}

/** How to pull. */
export interface PullOptions extends RemoteOptions, WriteFilesOptions {
  /** Folder that receives the model's files as well. */
  readonly extractDir?: string;
  /** Write only the files, nothing into the local store; needs `extractDir`. */
  readonly extractFromRemote?: boolean;
}

/** What a pull did. */
export interface PullResult extends TransferResult {
  /** Where it came from, when that was not the registry. */
  readonly from?: "local store";
  /** Files written, where a folder was given. */
  readonly extracted?: ExtractResult;
}

/** How to extract. */
export interface ExtractModelOptions extends OperationOptions, WriteFilesOptions {
  /** Folder that receives the model's files. */
  readonly output: string;
  /** Files written at once; 5 when absent or 0. */
  readonly concurrency?: number;
}

/** How files of a model are written into a folder. */
export interface WriteFilesOptions extends ArchiveLimits {
  /** Replace files that somebody changed; they are refused when absent. */
  readonly overwrite?: boolean;
  /** Refuse names that not every system can hold. */
  readonly portable?: boolean;
}

/** What extracting a model of the local store did. */
export interface ExtractedModel extends ExtractResult {
  /** The model. */
  readonly reference: string;
  /** Digest of its manifest. */
  readonly digest: Digest;
}

/** What an extraction did. */
export interface ExtractResult {
  /** Folder that received the files. */
  readonly output: string;
  /** Files that were written. */
  readonly written: number;
  /** Files that were there already with the same content. */
  readonly unchanged: number;
  /** Bytes that were written. */
  readonly bytes: number;
}

/** How to attach a file to a model. */
export interface AttachOptions extends RemoteOptions {
  /** The model that is extended. */
  readonly source: string;
  /** The name the extended model gets. */
  readonly target: string;
  /** Folder in the model that receives the file; the file's own relative path when absent. */
  readonly destinationDir?: string;
  /** Replace a file that the model has already. */
  readonly force?: boolean;
  /** Read the source from its registry and write the target to its registry. */
  readonly outputRemote?: boolean;
  /** The file as it is (the default), or as a tar archive. */
  readonly raw?: boolean;
  /** The file replaces the model's configuration; no layer is added. */
  readonly config?: boolean;
  /** Keep the time of creation as it is. */
  readonly noCreationTime?: boolean;
  /** Seconds since the epoch that clamp every time in the artifact (SOURCE_DATE_EPOCH). */
  readonly sourceDateEpoch?: number;
}

/** What attaching made. */
export interface AttachResult {
  /** The name of the extended model. */
  readonly reference: string;
  /** Digest of its manifest. */
  readonly digest: Digest;
  /** The layer that was added; absent when the configuration was replaced. */
  readonly layer?: LayerReport;
}

/** How to upload a file ahead of a build. */
export interface UploadOptions extends RemoteOptions {
  /** The repository that receives the file; a tag in it has no meaning. */
  readonly repository: string;
  /** Folder in the model that the file belongs to; the file's own relative path when absent. */
  readonly destinationDir?: string;
  /** The file as it is (the default), or as a tar archive. */
  readonly raw?: boolean;
}

/** What an upload did. */
export interface UploadResult {
  /** The repository, with its registry. */
  readonly repository: string;
  /** The file as a layer. */
  readonly layer: LayerReport;
}

/** How to fetch some files of a model from its registry. */
export interface FetchOptions extends RemoteOptions, WriteFilesOptions {
  /** Folder that receives the files. */
  readonly output: string;
  /** Patterns of paths in the model: `*` within a folder, `**` across, `?`, `[…]`, `{a,b}`. */
  readonly patterns: readonly string[];
}

/** What a fetch did. */
export interface FetchResult extends ExtractResult {
  /** The model. */
  readonly reference: string;
  /** Digest of its manifest. */
  readonly digest: Digest;
  /** Paths of the layers that matched. */
  readonly matched: readonly string[];
}

/** A line of the listing. */
export interface ListedModel {
  /** Repository with its registry: `localhost:5000/models/demo`. */
  readonly repository: string;
  /** The tag. */
  readonly tag: string;
  /** What it is, in one word: `model`, `image`, `chart`, `bundle`, … */
  readonly kind: string;
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** Bytes of manifest, configuration and layers. */
  readonly size: number;
  /** RFC 3339 time of creation; absent when the artifact does not say. */
  readonly createdAt?: string;
}

/** What a listing found. */
export interface ListResult {
  /** Newest first, then by name. */
  readonly models: readonly ListedModel[];
  /** Tags that could not be read, each with its reason. */
  readonly warnings: readonly string[];
}

/** What to list. */
export interface ListOptions extends OperationOptions {
  /** The most that is listed; in registries 100 when absent, and all of the local store. */
  readonly limit?: number;
  /** Only artifacts of this kind, as {@linkcode ListedModel.kind} has it; all when absent. */
  readonly kind?: string;
}

/** How to list what a registry holds. */
export interface RemoteListOptions extends ListOptions, ConnectOptions {}

/** The tags of a repository. */
export interface RemoteTags {
  /** The repository with its registry. */
  readonly repository: string;
  /** Newest first, then by name; those that were read. */
  readonly tags: readonly ListedModel[];
  /** How many tags there are, without those that turned out to be of another kind than wanted. */
  readonly total: number;
  /** Tags that could not be read, each with its reason. */
  readonly warnings: readonly string[];
}

/** The repositories of a registry. */
export interface RemoteRepositories {
  /** Host of the registry. */
  readonly registry: string;
  /** Their names with the host, in bytewise order. */
  readonly repositories: readonly string[];
  /** How many there are. */
  readonly total: number;
}

/** How to inspect. */
export interface InspectOptions extends RemoteOptions {
  /** Ask the registry, not the local store. */
  readonly remote?: boolean;
}

/** How to read a card. */
export interface CardOfOptions extends InspectOptions {
  /** Whether only the tensors are wanted: of a model in a registry no documents are read then. */
  readonly onlyTensors?: boolean;
  /**
   * Whether all headers of a model in a registry are read, a request or more for each file. Else
   * twelve requests and 1 MiB have to do, and what is not read of larger models is named.
   */
  readonly allHeaders?: boolean;
}

/** How to compare two models. */
export interface DiffOptions extends RemoteOptions {
  /** Take both from their registries; a model of the local store is taken from there otherwise. */
  readonly remote?: boolean;
  /** Compare tensor by tensor. */
  readonly tensors?: boolean;
}

/** What inspecting found. */
export interface InspectResult {
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** Digest of the configuration; absent where the manifest has none. */
  readonly configDigest?: Digest;
  /** The configuration: everything that is known of the model. */
  readonly config: ModelConfig;
  /** The layers in order; the path is empty where a layer does not say one. */
  readonly layers: readonly LayerReport[];
}

/** What removing did. */
export interface RemoveResult {
  /** The reference that is gone. */
  readonly removed: string;
}

/** What pruning did, or would do. */
export interface PruneResult {
  /** Whether everything is still there. */
  readonly dryRun: boolean;
  /** Tags forgotten to keep the store small, as `repository:tag`. */
  readonly forgotten: readonly string[];
  /** Manifests removed, as `repository@digest`. */
  readonly manifests: readonly string[];
  /** Blobs removed. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  /** Abandoned uploads removed. */
  readonly uploads: number;
  /** What stopped pulls and pushes have left: what was removed, and what is kept for the next. */
  readonly unfinished: readonly UnfinishedContent[];
  /** Bytes freed. */
  readonly bytes: number;
}

/** How to prune. */
export interface PruneOptions extends OperationOptions {
  /** Report only. */
  readonly dryRun?: boolean;
  /** Remove manifests that no tag names; true when absent. */
  readonly removeUntagged?: boolean;
  /** Milliseconds since a pulled tag was last asked for, after which it is forgotten. */
  readonly unusedFor?: number;
  /** The most bytes of the store; the pulled tags that were unused the longest are forgotten. */
  readonly maxBytes?: number;
}

/** How to verify; one of `references` and `all` says what. */
export interface VerifyOptions extends RemoteOptions {
  /** Artifacts of the local store. */
  readonly references?: readonly string[];
  /** Everything in the local store. */
  readonly all?: boolean;
  /** Fetch what is damaged from the registries that the artifacts' names name. */
  readonly repair?: boolean;
}

/** What verifying found, and put right. */
export interface VerifyResult {
  /** Whether everything is as its digest says, now. */
  readonly ok: boolean;
  /** The artifacts whose content was read. */
  readonly artifacts: readonly string[];
  /** Pieces of content that were read or looked for. */
  readonly checked: number;
  /** Bytes that were read. */
  readonly bytes: number;
  /** Content that is damaged or missing. */
  readonly damaged: readonly VerifyFault[];
  /** Content that was, and is not any more. */
  readonly repaired: readonly VerifyFault[];
}

/** Content that is not what its digest says. */
export interface VerifyFault {
  /** Digest that the content should have. */
  readonly digest: Digest;
  /** What is wrong with it, in one clause; where it could not be repaired, why. */
  readonly reason: string;
  /** The artifacts that need it. */
  readonly artifacts: readonly string[];
}

/** The operations on models that move content, and that can be rehearsed. */
export interface RehearsedModels {
  /** Packages a workspace folder. */
  build(workspace: string, options: BuildOptions): Promise<BuildResult>;
  /** Sends an artifact of the local store to its registry, and moves the tag there. */
  push(target: string, options?: RemoteOptions): Promise<TransferResult>;
  /** Fetches an artifact into the local store, a folder, or both. */
  pull(target: string, options?: PullOptions): Promise<PullResult>;
  /** Writes the files of a local artifact into a folder. */
  extract(target: string, options: ExtractModelOptions): Promise<ExtractedModel>;
  /** Adds a file to a model, or replaces its configuration, under a new name or the same. */
  attach(file: string, options: AttachOptions): Promise<AttachResult>;
  /** Writes some files of a model in a registry into a folder. */
  fetch(target: string, options: FetchOptions): Promise<FetchResult>;
}

/** Every model operation over one local store. */
export interface ModelBackend extends RehearsedModels {
  /**
   * Says what an operation would do, by doing it over stores that write nothing.
   *
   * @throws what the operation would throw before it writes; what stands in its way on disks and in
   * folders is in the plan.
   */
  rehearse(
    work: (models: RehearsedModels) => Promise<PlannedArtifact>,
  ): Promise<OperationPlan>;
  /** Sends a file to a repository, so that a later build finds it there. */
  upload(file: string, options: UploadOptions): Promise<UploadResult>;
  /** Lists the artifacts of the local store. */
  list(options?: ListOptions): Promise<ListResult>;
  /** Lists the tags of a repository in its registry. */
  tagsOf(repository: string, options?: RemoteListOptions): Promise<RemoteTags>;
  /** Lists the repositories of a registry. */
  repositoriesOf(registry: string, options?: RemoteListOptions): Promise<RemoteRepositories>;
  /** Describes an artifact. */
  inspect(target: string, options?: InspectOptions): Promise<InspectResult>;
  /** Reads the card of a model: facts, parts, files and tensors. */
  card(target: string, options?: CardOfOptions): Promise<ModelCard>;
  /** Says what a second model adds, changes and lacks. */
  diff(from: string, to: string, options?: DiffOptions): Promise<ModelDiff>;
  /** Gives an artifact one more name. */
  tag(source: string, target: string, options?: RemoteOptions): Promise<void>;
  /** Removes a tag, or a manifest with its tags. */
  remove(target: string, options?: OperationOptions): Promise<RemoveResult>;
  /** Frees what nothing names any more. */
  prune(options?: PruneOptions): Promise<PruneResult>;
  /** Reads what is in the local store again, and puts it right where that is asked for. */
  verify(options: VerifyOptions): Promise<VerifyResult>;
}
