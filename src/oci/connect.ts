/**
 * How repositories of registries are opened, for those who do not know the registry client.
 * @module
 */
import type { Reference } from "./reference.ts";
import type { ContentStore } from "./store.ts";

/** How to reach a registry in one operation; what is absent is decided by whoever connects. */
export interface ConnectOptions {
  /** Speak HTTP without TLS. */
  readonly plainHttp?: boolean;
  /** Accept any certificate, and a registry without TLS. */
  readonly insecure?: boolean;
  /** URL of the proxy for every request. */
  readonly proxy?: string;
  /**
   * Whether mirrors are asked first, where files of this machine name some; so it is when absent.
   */
  readonly mirror?: boolean;
  /** A Dragonfly daemon that blobs are asked for first. */
  readonly dragonflyEndpoint?: string;
  /** Whether to fail where the daemon does not help. */
  readonly dragonflyRequired?: boolean;
  /** Whether the daemon is shown logins of registries. */
  readonly dragonflyForwardAuth?: boolean;
}

/** Opens the repository that a reference names in its registry. */
export type Connect = (
  reference: Reference,
  options: ConnectOptions,
) => ContentStore | Promise<ContentStore>;
