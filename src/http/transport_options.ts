/**
 * How servers are reached: the shape of everything that speaks HTTP (network, authentication,
 * retry, and the fakes of tests), and what a way to the network is made from.
 * @module
 */
import type { ProxySettings } from "./proxies.ts";

/** Sends a request and gives the answer as it came. */
export type Transport = (request: Request) => Promise<Response>;

/** How to reach servers. All certificates and keys are PEM text. */
export interface TransportOptions {
  /** Authorities to trust beside the usual ones. */
  readonly caCerts?: readonly string[];
  /** Certificate that shows servers who this is; together with `key`. */
  readonly cert?: string;
  /** Private key of `cert`. */
  readonly key?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** URL of the proxy for every request, or the proxies of the process. */
  readonly proxy?: string | ProxySettings;
  /**
   * Milliseconds in which a server has to take some of a body that is sent; as in a retry policy.
   */
  readonly stallTime?: number;
  /** What to call this program. */
  readonly userAgent?: string;
}
