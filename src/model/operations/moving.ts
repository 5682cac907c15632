/**
 * What operations that move models take and give back: push, pull, extract and fetch.
 * @module
 */
import type { ArchiveLimits } from "../../archive/limits.ts";
import type { Digest } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { ConnectOptions } from "../../oci/connect.ts";

/** Options of every operation that may talk to a registry. */
export interface RemoteOptions extends OperationOptions, ConnectOptions {
  /** Layers moved at once; 5 when absent or 0. */
  readonly concurrency?: number;
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

/** How files of a model are written into a folder. */
export interface WriteFilesOptions extends ArchiveLimits {
  /** Replace files that somebody changed; they are refused when absent. */
  readonly overwrite?: boolean;
  /** Refuse names that not every system can hold. */
  readonly portable?: boolean;
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

/** What extracting a model of the local store did. */
export interface ExtractedModel extends ExtractResult {
  /** The model. */
  readonly reference: string;
  /** Digest of its manifest. */
  readonly digest: Digest;
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
