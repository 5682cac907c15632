/**
 * What operations that look at models take and give back: lists, inspect, cards and comparisons.
 * @module
 */
import type { Digest } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { ConnectOptions } from "../../oci/connect.ts";
import type { ModelConfig } from "../config.ts";
import type { RemoteOptions } from "./moving.ts";
import type { LayerReport } from "./packaging.ts";

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
  /** What could not be looked at to find out of which kind it is, each with its reason. */
  readonly warnings: readonly string[];
}

/** How to inspect. */
export interface InspectOptions extends RemoteOptions {
  /** Ask the registry, not the local store. */
  readonly remote?: boolean;
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
