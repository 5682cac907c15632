/**
 * What a bundle is, once it is read: names, roles, layers, and the entries that become files.
 * @module
 */
import { type Digest, EMPTY_DIGEST } from "../../core/digest.ts";
import type { OperationOptions } from "../../core/operation.ts";
import type { StorageTier } from "../../objects/object_store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ContentStore } from "../../oci/store.ts";

/** What all entries have. */
export interface CommonEntry {
  /** Normalised relative path of the file, with forward slashes. */
  readonly path: string;
  /** Name of the layer the entry is in. */
  readonly layer: string;
  /** Permission bits, where the bundle carries them. */
  readonly mode?: number;
}

/** A file whose bytes are in the registry. */
export interface RegistryEntry extends CommonEntry {
  /** Tells it from an external entry. */
  readonly kind: "registry";
  /** The blob; its size is what the index says, and 0 in old indexes that say none. */
  readonly blob: Descriptor;
}

/** A file whose bytes are in an object store, behind a pointer file. */
export interface ExternalEntry extends CommonEntry {
  /** Tells it from a registry entry. */
  readonly kind: "external";
  /** Where the bytes are: `az://container/key`. */
  readonly uri: string;
  /** SHA-256 of the bytes, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Size in bytes. */
  readonly size: number;
  /** Storage tier, where the index says one. */
  readonly tier?: StorageTier;
}

/** A file of a bundle. */
export type BundleEntry = RegistryEntry | ExternalEntry;

/** Size in bytes of a registry entry, `undefined` where an old index says none. */
export function knownSize({ digest, size }: Descriptor): number | undefined {
  return size === 0 && digest !== EMPTY_DIGEST ? undefined : size;
}

/** What a user asks for: one of the five ways to name a bundle, and perhaps a role. */
export type BundleRef =
  & (
    /** `name:version` below the path for bundles. */
    | { readonly kind: "version"; readonly name: string; readonly version: string }
    /** The digest of a manifest, wherever it is. */
    | { readonly kind: "digest"; readonly digest: Digest }
    /** `name@digest`, perhaps with the version that must be the same. */
    | {
      readonly kind: "pinned";
      readonly name: string;
      readonly version?: string;
      readonly digest: Digest;
    }
    /** A full reference, `host/repository:tag`. */
    | { readonly kind: "reference"; readonly reference: string }
    /** A folder or an export archive. */
    | { readonly kind: "path"; readonly localPath: string }
  )
  & {
    /** The role that is asked for. */
    readonly role?: string;
  };

/** A reference as callers may write it: the fields of exactly one way to name a bundle. */
export interface BundleRefFields {
  /** The way, where it is known; it must be that of the fields. */
  readonly kind?: BundleRef["kind"];
  /** Name of the bundle: `org/my-model`. */
  readonly name?: string;
  /** Version, which is the tag. */
  readonly version?: string;
  /** Digest of the manifest. */
  readonly digest?: string;
  /** A folder or an export archive. */
  readonly localPath?: string;
  /** A full reference, `host/repository:tag`. */
  readonly reference?: string;
  /** The role that is asked for. */
  readonly role?: string;
}

/** A bundle whose manifest was read: its identity, and where its content is. */
export interface Bundle {
  /** What was asked for. */
  readonly ref: BundleRef;
  /** Digest of the manifest's raw bytes. */
  readonly manifestDigest: Digest;
  /** Media type of the manifest. */
  readonly mediaType: string;
  /** Name in the bundle's own manifest, where it has one. */
  readonly name?: string;
  /** Version in the bundle's own manifest, where it has one. */
  readonly version?: string;
  /** Description in the bundle's own manifest, where it has one. */
  readonly description?: string;
  /** Layers of each role. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Names of the layers, in the bundle's order. */
  readonly layers: readonly string[];
  /** Descriptor of each layer's index document. */
  readonly layerIndexes: Readonly<Record<string, Descriptor>>;
  /** Whether the bundle says that it has external entries. */
  readonly externalIndexPresent: boolean;
  /** The repository that has the content. */
  readonly store: ContentStore;
  /** Name of that repository, where it has one: `host/path`, or a path of the local store. */
  readonly repository?: string;
  /**
   * The files of a layer, in the order of its index, which is read only once.
   * @throws {InvalidInputError} when the index is missing or malformed.
   * @throws {TransferError | IntegrityError} when it is gone, or is not what its descriptor says.
   */
  entriesOf(layer: string, options?: OperationOptions): Promise<readonly BundleEntry[]>;
}

/** A bundle, and what the indexes of all its layers say. */
export interface ResolvedBundle extends Bundle {
  /** Whether any layer has external entries. */
  readonly externalIndexPresent: boolean;
  /** Bytes of all external entries; more where the sizes of registry entries are known too. */
  readonly totalSize: number;
}
