/**
 * How servers are reached.
 * @module
 */
import type { ProxySettings } from "./no_proxy.ts";

/** How to reach servers. All certificates and keys are PEM text. */
export interface TransportOptions {
  /** Authorities to trust beside the usual ones. */
  readonly caCerts?: readonly string[] | undefined;
  /** Certificate that shows servers who this is; together with `key`. */
  readonly cert?: string | undefined;
  /** Private key of `cert`. */
  readonly key?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
  /** URL of the proxy for every request, or the proxies of the process. */
  readonly proxy?: string | ProxySettings | undefined;
  /** What to call this program. */
  readonly userAgent?: string | undefined;
}
