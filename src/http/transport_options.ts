/**
 * How servers are reached: the shape of everything that speaks HTTP (network, authentication,
 * retry, and the fakes of tests), and what a way to the network is made from.
 * @module
 */
import type { ProxySettings } from "./proxies.ts";

/** What is known of an answer before it comes. */
export interface AnswerHints {
  /** Bytes that will go from its body into a file: another thread may receive many of them. */
  readonly bytesToFile?: number;
}

/**
 * Sends a request and gives the answer as it came. A transport around another one passes the hints
 * on.
 */
export type Transport = (request: Request, hints?: AnswerHints) => Promise<Response>;

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
