/**
 * Every operation on models: what the library, the commands and a rehearsal offer. What they take
 * and give back is in `operations/`.
 * @module
 */
import type { OperationOptions } from "../core/operation.ts";
import type { ModelCard } from "./card/shape.ts";
import type { ModelDiff } from "./compare/shape.ts";
import type {
  PruneOptions,
  PruneResult,
  RemoveResult,
  VerifyOptions,
  VerifyResult,
} from "./operations/keeping.ts";
import type {
  CardOfOptions,
  DiffOptions,
  InspectOptions,
  InspectResult,
  ListOptions,
  ListResult,
  RemoteListOptions,
  RemoteRepositories,
  RemoteTags,
} from "./operations/looking.ts";
import type {
  ExtractedModel,
  ExtractModelOptions,
  FetchOptions,
  FetchResult,
  PullOptions,
  PullResult,
  RemoteOptions,
  TransferResult,
} from "./operations/moving.ts";
import type {
  AttachOptions,
  AttachResult,
  BuildOptions,
  BuildResult,
  UploadOptions,
  UploadResult,
} from "./operations/packaging.ts";
import type { OperationPlan, PlannedArtifact } from "./rehearsal/plan.ts";

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
