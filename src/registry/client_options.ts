/**
 * What a registry client is made with.
 * @module
 */
import type { Log } from "../core/operation.ts";
import type { RetryPolicy } from "../core/retry.ts";
import type { Dragonfly } from "../http/dragonfly/dragonfly.ts";
import type { DragonflySettings } from "../http/dragonfly/settings.ts";
import type { PrivateAccess } from "../http/private_guard.ts";
import type { SpeaksTls } from "../http/transport.ts";
import type { Transport, TransportOptions } from "../http/transport_options.ts";
import type { CredentialSource } from "./auth/credentials.ts";

/** How to reach registries, and as whom; operations may connect in another way. */
export interface RegistryClientOptions extends TransportOptions {
  /** Speak HTTP without TLS. */
  readonly plainHttp?: boolean;
  /** Where credentials come from; nobody is logged in when absent. */
  readonly credentials?: CredentialSource;
  /** Whether registries on the internet may point to private addresses. */
  readonly allowPrivateRedirects?: boolean;
  /** The daemon that blobs are asked for first, and what holds for one that an operation names. */
  readonly dragonfly?: Partial<DragonflySettings>;
  /** How requests are tried again. */
  readonly retry?: RetryPolicy;
  /**
   * Folder for what can be found out again: what registries do not do, and where uploads stand.
   * Nothing is remembered without it.
   */
  readonly cacheFolder?: string;
  /** Told about repeated tries and the like; no record holds a secret. */
  readonly log?: Log;
  /** The way to the network; one made from the other options when absent. */
  readonly transport?: Transport;
  /** The clock, in milliseconds since the epoch; `Date.now` when absent. */
  readonly now?: () => number;
}

/** Two ways to the network. */
export interface Network extends Pick<PrivateAccess, "isInside"> {
  /** To the registry itself: shows the user's certificate. */
  readonly home: Transport;
  /** To whoever the registry points to. */
  readonly away: Transport;
  /** Whether the registry speaks TLS, where that can be found out without a request. */
  readonly speaksTls?: SpeaksTls;
  /** What blobs are asked for first. */
  readonly dragonfly?: Dragonfly;
}
