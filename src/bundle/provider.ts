/**
 * What the operations on bundles reach: registries, object stores, and what is kept of them.
 * @module
 */
import type { ObjectStore } from "../objects/object_store.ts";
import type { ContentStore } from "../oci/store.ts";
import type { DigestIndex } from "./resolve/digest_index.ts";
import type { RegistrySettings } from "./resolve/registry.ts";

/** Opens a repository: `host/path` in a registry, or a path of the local store. */
export type OpenRepository = (name: string) => ContentStore;

/** Where bundles and their big files are. */
export interface BundleProvider {
  /** Opens repositories. */
  readonly open: OpenRepository;
  /** Whether a repository is one of the local store. */
  readonly isLocal?: (name: string) => boolean;
  /** Where bundles are. */
  readonly settings: RegistrySettings;
  /** Opens the store of external files; called only when one is touched. */
  readonly objects?: () => ObjectStore | Promise<ObjectStore>;
  /** Whether the right size is enough for an external file whose store recorded no SHA-256. */
  readonly allowStatWithoutSha?: boolean;
  /** Where external files go for rules without a template; `az://bundles` when absent. */
  readonly externalBase?: string;
  /** Keeps the content of bundles for other materializations. */
  readonly cache?: ContentStore;
  /** Remembers where bundles were seen, by digest. */
  readonly digestIndex?: DigestIndex;
  /** More repositories to look for a bare digest in, such as those of the local store. */
  readonly repositories?: () => AsyncIterable<string> | Iterable<string>;
}
