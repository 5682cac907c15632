/**
 * What operations that make models take and give back: build, attach, and upload ahead of a build.
 * @module
 */
import type { CompressionName } from "../../archive/compression.ts";
import type { Digest } from "../../core/digest.ts";
import type { RemoteOptions } from "./moving.ts";

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
