/**
 * What the library is opened with: plain data, absolute paths. Nothing here is looked up in the
 * environment, and what is absent is not used.
 * @module
 */
import type { RegistrySettings } from "../bundle/resolve/registry.ts";
import type { Log } from "../core/operation.ts";
import type { RetryPolicy } from "../core/retry.ts";
import type { DragonflySettings } from "../http/dragonfly/settings.ts";
import type { ProxySettings } from "../http/proxies.ts";
import type { AuthorityPlaces, Transport } from "../http/transport_options.ts";
import type { AzureSettings } from "../objects/azure_access.ts";
import type { MirrorFiles } from "../registry/mirrors/files.ts";

/** Where the local store is. */
export interface StoreSettings {
  /** Folder of the local store; made with the first thing that is written. */
  readonly storageDir: string;
}

/** How the network is reached. */
export interface NetworkSettings {
  /** File with certificates of authorities to trust besides the system's (PEM). */
  readonly caFile?: string;
  /** Where this machine keeps more authorities; read when one of them is needed. */
  readonly authorities?: AuthorityPlaces;
  /** File with the certificate that is shown to registries (PEM). */
  readonly certFile?: string;
  /** File with the key of that certificate (PEM). */
  readonly keyFile?: string;
  /** Proxies by the scheme of a URL. */
  readonly proxy?: ProxySettings;
  /** Whether registries and hubs on the internet may point to private addresses. */
  readonly allowPrivateRedirects?: boolean;
  /** What this program is called in requests. */
  readonly userAgent?: string;
  /** Sends the requests, in place of what these settings describe. */
  readonly transport?: Transport;
  /**
   * Most bytes a second that move, in both directions and over all connections of what is opened;
   * as many as can when absent.
   */
  readonly maxRate?: number;
  /** How requests to registries and hubs are tried again. */
  readonly retry?: RetryPolicy;
  /** The Dragonfly daemon that content is asked for first, or what holds for any that is named. */
  readonly dragonfly?: Partial<DragonflySettings>;
  /** Files that say where registries are read from: their mirrors, and what is blocked. */
  readonly mirrors?: MirrorFiles;
  /**
   * Folder for what can be found out again, such as digests of files and where uploads stand;
   * nothing is kept without it.
   */
  readonly cacheFolder?: string;
}

/** Files with logins of registries, in Docker's format. */
export interface CredentialFiles {
  /** Our own file, which every login is written to. */
  readonly own: string;
  /** Docker's file, which other tools look into: a login is written to it too when it exists. */
  readonly docker?: string;
  /** Whether Docker's file is made where it does not exist: the user named its folder. */
  readonly prefersDocker?: boolean;
  /** Files of other tools, which no login is written to. */
  readonly others: readonly string[];
}

/** As whom registries are asked. */
export interface CredentialSettings {
  /** User for every registry or one, together with `password`; no file is asked then. */
  readonly username?: string;
  /** Password of `username`. */
  readonly password?: string;
  /** Host of the registry that `username` is for; every registry when absent. */
  readonly loginRegistry?: string;
  /** Files with logins; the login that was written last counts. */
  readonly credentialFiles?: CredentialFiles;
}

/** An account of Azure Blob Storage, and where in it external objects go. */
export interface BundleAzureSettings extends AzureSettings {
  /** Container for external objects that no rule places elsewhere; `bundles` when absent. */
  readonly container?: string;
}

/** Where bundles and their big files are, and how they are reached. */
export interface BundleSettings extends RegistrySettings {
  /** Accept plain HTTP, and a certificate that does not verify. */
  readonly insecure?: boolean;
  /** Speak HTTP without TLS with `registry`. */
  readonly plainHttp?: boolean;
  /** User at registries, before the one that holds for models too. */
  readonly username?: string;
  /** Password of `username`. */
  readonly password?: string;
  /** Longest time without progress with the registry, in seconds; the client's own when absent. */
  readonly httpTimeoutSeconds?: number;
  /** How often a failed request to the registry is repeated; the client's own when absent. */
  readonly httpRetries?: number;
  /** Longest time without progress with external storage, in seconds; 30 when absent. */
  readonly externalTimeoutSeconds?: number;
  /** How often a failed request to external storage is repeated; as the client does when absent. */
  readonly externalRetries?: number;
  /** Whether an external file of the right size is fine when its store recorded no SHA-256. */
  readonly allowStatWithoutSha?: boolean;
  /** Azure Blob Storage. */
  readonly azure?: BundleAzureSettings;
  /** Where external objects go without an account: `file:///…`. */
  readonly objectStore?: string;
  /** Folder for what can be found out again. */
  readonly cacheFolder?: string;
  /** Name of a built-in provider that replaces registry and storage; there is none. */
  readonly provider?: string;
}

/** What is told to a part of the library when it is opened. */
export interface OpenOptions {
  /** Told what no operation's own options are told: repeated tries, credential helpers. */
  readonly log?: Log;
}
