/**
 * What a card of a model is made of.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { EarlierName } from "../../oci/capabilities.ts";
import type { ModelConfig } from "../config.ts";
import type { FileTensor, ModelFacts, UnlistedFile, UnreadTensor } from "../facts/facts.ts";
import type { LongList } from "../../core/lists/long_list.ts";
import type { LayerKind } from "../layer_kind.ts";

/** A file of a model, as its layer describes it. */
export interface CardFile {
  /** Path in the model; empty where the layer does not say one. It comes from outside. */
  readonly path: string;
  /** What the file is in the model; absent for a layer of another kind of artifact. */
  readonly kind?: LayerKind;
  /** Media type of the layer. */
  readonly mediaType: string;
  /** Digest of the layer. */
  readonly digest: Digest;
  /** Size of the layer in bytes. */
  readonly size: number;
}

/** The layers of one kind together. */
export interface CardPart {
  /** What its files are in the model. */
  readonly kind: LayerKind | "other";
  /** How many they are. */
  readonly files: number;
  /** Bytes of their layers. */
  readonly size: number;
}

/** A manifest that refers to the model: a signature, a list of components. */
export interface CardReferrer {
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** What it is, in one word. */
  readonly kind: string;
  /** Its type, where it says one. */
  readonly artifactType?: string;
}

/** What is known of a model. */
export interface ModelCard {
  /** Digest of the manifest. */
  readonly digest: Digest;
  /** Digest of the configuration; absent where the manifest has none. */
  readonly configDigest?: Digest;
  /** Bytes of manifest, configuration and layers. */
  readonly size: number;
  /** RFC 3339 time at which the artifact was made; absent where it does not say. */
  readonly createdAt?: string;
  /** The facts: where the configuration says one it counts, else what was read of the files. */
  readonly facts: ModelFacts;
  /** Who made it, and where it comes from, as the configuration says it. */
  readonly source: {
    /** People or organisations responsible for it. */
    readonly authors?: readonly string[];
    /** Who distributes it. */
    readonly vendor?: string;
    /** Its version. */
    readonly version?: string;
    /** Revision of the source it was made from. */
    readonly revision?: string;
    /** Where its source is. */
    readonly url?: string;
    /** Where it is documented. */
    readonly documentation?: string;
    /** What it is, for people. */
    readonly description?: string;
  };
  /** What it can do, as the configuration says it. */
  readonly capabilities: NonNullable<ModelConfig["config"]["capabilities"]>;
  /** The layers by kind, in the order of their kinds. */
  readonly parts: readonly CardPart[];
  /** The files in the order of the layers. */
  readonly files: readonly CardFile[];
  /** The tensors that were read, in the order of the files; see {@linkcode unlisted}. */
  readonly tensors: LongList<FileTensor>;
  /** Manifests that refer to it. */
  readonly referrers: readonly CardReferrer[];
  /** What its tag named before, the latest first; absent for nothing. */
  readonly earlier?: readonly EarlierName[];
  /** Files that tell something and were not read; of weight files the headers, to the end. */
  readonly unread: readonly string[];
  /** Tensors in those files, as far as an index names them. */
  readonly unreadTensors: readonly UnreadTensor[];
  /**
   * Weight files whose tensors are not in {@linkcode tensors}: they are malformed, their format is
   * not read, or there are more than 200,000 in all, which the facts count.
   */
  readonly unlisted: readonly UnlistedFile[];
  /** Files that should tell something and could not be read. */
  readonly warnings: readonly string[];
}
