/**
 * What the library is told about its surroundings: plain data, absolute paths. Nothing here is looked up
 * in the environment, and what is absent is not used.
 * @module
 */
import type { Log } from "../core/operation.ts";
import type { RetryPolicy } from "../core/retry.ts";
import type { ProxySettings } from "../http/proxies.ts";
import type { Transport } from "../http/transport_options.ts";

/** Where the local store is. */
export interface StoreSettings {
  /** Folder of the local store; made with the first thing that is written. */
  readonly storageDir: string;
}

/** How the network is reached. */
export interface NetworkSettings {
  /** File with certificates of authorities to trust besides the built-in ones (PEM). */
  readonly caFile?: string;
  /** File with the certificate that is shown to registries (PEM). */
  readonly certFile?: string;
  /** File with the key of that certificate (PEM). */
  readonly keyFile?: string;
  /** Proxies by the scheme of a URL. */
  readonly proxy?: ProxySettings;
  /** What this program is called in requests. */
  readonly userAgent?: string;
  /** Sends the requests, in place of what these settings describe. */
  readonly transport?: Transport;
  /** How requests to registries are tried again. */
  readonly retry?: RetryPolicy;
}

/** Files with logins of registries, in Docker's format. */
export interface CredentialFiles {
  /** The file that a login is written to; asked first. */
  readonly own: string;
  /** Files of other tools, which are only read, in the order they are asked. */
  readonly others: readonly string[];
}

/** As whom registries are asked. */
export interface CredentialSettings {
  /** User for every registry, together with `password`; asked before all files. */
  readonly username?: string;
  /** Password of `username`. */
  readonly password?: string;
  /** Files with logins. */
  readonly credentialFiles?: CredentialFiles;
}

/** What is told to a part of the library when it is opened. */
export interface OpenOptions {
  /** Told about what happens outside of an operation's own options: repeated tries, credential helpers. */
  readonly log?: Log;
}
