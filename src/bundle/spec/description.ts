/**
 * What a bundle is made of, as its author describes it.
 * @module
 */
import type { StorageTier } from "../../objects/object_store.ts";

/** A layer: a set of files. */
export interface SpecLayer {
  /** Name of the layer. */
  readonly name: string;
  /** What kind of files it has; free text, such as `code`. */
  readonly type: string;
  /** Patterns of files that are in it. */
  readonly files: readonly string[];
  /** Patterns of files that are left out. */
  readonly ignore: readonly string[];
}

/** A rule that puts files outside the registry. */
export interface ExternalRule {
  /** Pattern of the files it is for. */
  readonly pattern: string;
  /** Address of the object, with placeholders; the caller's default place when absent. */
  readonly uriTemplate?: string;
  /** Tier of the object. */
  readonly tier: StorageTier;
  /** Smallest file the rule is for, in bytes. */
  readonly sizeThreshold?: number;
}

/** What a bundle is made of. */
export interface BundleSpec {
  /** Name of the bundle, lower case. */
  readonly name: string;
  /** Version, which becomes the tag. */
  readonly version: string;
  /** Description of the bundle. */
  readonly description?: string;
  /** The layers in order. */
  readonly layers: readonly SpecLayer[];
  /** Layers of each role. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** The rules, the first that applies to a file counts. */
  readonly externalRules: readonly ExternalRule[];
  /** Largest file that goes into the registry, in bytes. */
  readonly orasSizeLimit: number;
}
