/**
 * What a comparison of two models is made of.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { LongList } from "../../core/lists/long_list.ts";
import type { UnlistedFile } from "../facts/facts.ts";
import type { ContentStore } from "../../oci/store.ts";

/** A model that is compared, and where it is. */
export interface ComparedModel {
  /** The name it was asked for by. */
  readonly reference: string;
  /** The tag or the digest. */
  readonly target: string;
  /** The store that has it. */
  readonly store: ContentStore;
  /** Whether that is a registry: then its headers are read, and no weights. */
  readonly isFar: boolean;
}

/** One of the two models. */
export interface DiffSide {
  /** The name it was asked for by. */
  readonly reference: string;
  /** Digest of its manifest. */
  readonly digest: Digest;
  /** Where it was found. */
  readonly from: "local store" | "registry";
}

/** A file that one model has. */
export interface DiffFile {
  /** Path in the model. */
  readonly path: string;
  /** Size of its layer in bytes. */
  readonly size: number;
  /** Digest of its layer. */
  readonly digest: Digest;
}

/** A file that both models have, with other content. */
export interface ChangedFile {
  /** Path in the models. */
  readonly path: string;
  /** The file of the first model. */
  readonly from: Omit<DiffFile, "path">;
  /** The file of the second. */
  readonly to: Omit<DiffFile, "path">;
}

/** A fact that differs; what is not known is absent. */
export interface ChangedFact {
  /** Its name in the card: `license`, `shape.layers`, `source.revision`. */
  readonly fact: string;
  /** What the first model says. */
  readonly from?: unknown;
  /** What the second says. */
  readonly to?: unknown;
}

/**
 * How two tensors of one name compare. `unknown`: their headers are equal, and their bytes are not
 * here; or one model is known to have it, and not all of the other was read.
 */
export type TensorVerdict = "changed" | "new shape" | "new type" | "unknown" | "added" | "removed";

/** A tensor that is not known to be the same in both models. */
export interface TensorChange {
  /** Its name. */
  readonly name: string;
  /** How the two compare. */
  readonly verdict: TensorVerdict;
  /** Type and shape in the first model: `bfloat16 64x172`; absent for none, and for unknown. */
  readonly from?: string;
  /** Type and shape in the second. */
  readonly to?: string;
}

/** What the tensors of two models have in common, and what not. */
export interface TensorDiff {
  /** Tensors that are the same, byte for byte. */
  readonly same: number;
  /** The others, by name. */
  readonly changes: LongList<TensorChange>;
  /** Files of which not all tensors are known. */
  readonly unread: readonly string[];
  /** Files whose tensors were not compared: their format is not read, or they have too many. */
  readonly unlisted: readonly UnlistedFile[];
}

/** What differs between two models. */
export interface ModelDiff {
  /** Whether it is one model: the manifests have the same digest. */
  readonly same: boolean;
  /** The first model. */
  readonly from: DiffSide;
  /** The second. */
  readonly to: DiffSide;
  /** Files of the second model alone. */
  readonly added: readonly DiffFile[];
  /** Files of the first model alone. */
  readonly removed: readonly DiffFile[];
  /** Files of both, with other content. */
  readonly changed: readonly ChangedFile[];
  /** How many files are equal. */
  readonly unchanged: number;
  /** Facts of configuration and card that differ, as far as they are known of both. */
  readonly facts: readonly ChangedFact[];
  /** Files with facts that were not read of both, and so not compared. */
  readonly unread: readonly string[];
  /** The tensors, where they were asked for. */
  readonly tensors?: TensorDiff;
}
