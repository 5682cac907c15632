/**
 * What decides which daemon is used, and how it is reached.
 * @module
 */
import { InvalidInputError } from "../../core/errors.ts";
import type { TransportOptions } from "../transport_options.ts";
import { type DragonflySettings, ENDPOINT_REMEDY } from "./settings.ts";

/** What one operation says of the daemon. */
export interface DragonflyChoice {
  /** See {@linkcode DragonflySettings.endpoint}. */
  readonly dragonflyEndpoint?: string;
  /** See {@linkcode DragonflySettings.required}. */
  readonly dragonflyRequired?: boolean;
  /** See {@linkcode DragonflySettings.forwardAuth}. */
  readonly dragonflyForwardAuth?: boolean;
}

/**
 * The daemon of an operation, before what holds for all; none when nobody names one.
 * @throws {InvalidInputError} when something is said of a daemon, and not which one.
 */
export function dragonflySettings(
  { dragonflyEndpoint, dragonflyRequired, dragonflyForwardAuth }: DragonflyChoice,
  usual: Partial<DragonflySettings> = {},
): DragonflySettings | undefined {
  const endpoint = dragonflyEndpoint || usual.endpoint;
  const required = dragonflyRequired ?? usual.required;
  const forwardAuth = dragonflyForwardAuth ?? usual.forwardAuth;
  if (endpoint) return { ...usual, endpoint, required, forwardAuth };
  if (!required && !forwardAuth) return undefined;
  const flag = required ? "--dragonfly-required" : "--dragonfly-forward-auth";
  throw new InvalidInputError(`Cannot use ${flag}: no daemon is named`, {
    remedy: ENDPOINT_REMEDY,
  });
}

/** The way to a daemon, which is a neighbour: by no proxy, and without the user's certificate. */
export function daemonOptions(options: TransportOptions): TransportOptions {
  const { caCerts, authorities, stallTime, userAgent, maxRate, proxy } = options;
  const proxies = typeof proxy === "string" ? { http: proxy, https: proxy } : proxy;
  // Without any, the runtime would look for some by itself.
  const direct = proxies && { ...proxies, noProxy: "*" };
  return { caCerts, authorities, stallTime, userAgent, maxRate, proxy: direct };
}
