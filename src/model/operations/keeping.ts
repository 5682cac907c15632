/**
 * What operations that keep the local store in order take and give back: remove, prune and verify.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { UnfinishedContent } from "../../oci/disk/unfinished.ts";
import type { RemoteOptions } from "./moving.ts";

/** What removing did. */
export interface RemoveResult {
  /** The reference that is gone. */
  readonly removed: string;
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

/** How to verify; one of `references` and `all` says what. */
export interface VerifyOptions extends RemoteOptions {
  /** Artifacts of the local store. */
  readonly references?: readonly string[];
  /** Everything in the local store. */
  readonly all?: boolean;
  /** Fetch what is damaged from the registries that the artifacts' names name. */
  readonly repair?: boolean;
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
